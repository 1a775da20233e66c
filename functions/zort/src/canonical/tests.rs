//! ZORT's bodies as canonical objects.

use inlet::value::time::Time;
use serde_json::{Value, json};

use super::parse_time;
use crate::tests::data;

/// Reads a payload file.
macro_rules! file {
    ($file:literal) => {
        data($file.split(['-', '.']).next().unwrap(), include_str!(concat!("../../payloads/", $file)))
    };
}

fn money(amount: &str) -> Value {
    json!({"amount": amount, "currency": null})
}

fn baht(amount: &str) -> Value {
    json!({"amount": amount, "currency": "THB"})
}

fn local(time: &str) -> Value {
    json!({"local": time, "zone": null})
}

/// Removes the named fields and returns them, so that a test may look at the rest.
fn take(object: &mut Value, names: &[&str]) -> Vec<Value> {
    let object = object.as_object_mut().unwrap();
    names.iter().map(|name| object.remove(*name).unwrap_or(Value::Null)).collect()
}

#[test]
fn a_marketplace_order_is_read_in_full() {
    let mut order = file!("ADDORDER-marketplace.json");
    let parts = take(&mut order, &["customer", "delivery", "lines", "payments"]);
    let want = json!({
        "id": "551034", "number": "SO-2403-0131", "reference": "2403057XYZ1", "unique_number": "web-7781",
        "type_of_order": "0", "status": "Waiting", "state": "open", "payment_status": "Partial Payment",
        "payment_state": "partially_paid", "payment_method": "Bank transfer", "voided": false,
        "channel": "Shopee-demo shop",
        "marketplace": {"name": "Shopee", "platform": "Shopee", "shop": "demo shop", "status": "READY_TO_SHIP"},
        "location": {"code": "W0001", "name": "Main"}, "url": "https://shop.example/s/abc",
        "creator": {"id": "31", "name": "somying"},
        "flags": {"cash_on_delivery": true, "deposit": false}, "tags": ["VIP", "gift"],
        "subtotal": baht("608.50"), "discount": baht("48.00"),
        "discounts": [{"unit": "percent", "value": "10", "amount": baht("48.00")}],
        "net": baht("551.87"), "tax": baht("38.63"), "tax_rate": "7", "tax_type": "3",
        "shipping_fee": baht("40.00"), "shipping_tax": baht("2.62"), "total": baht("590.50"),
        "paid": baht("200.00"),
        "charges": [
            {"code": "sellerdiscount", "amount": baht("-40.00")},
            {"code": "platformdiscount", "amount": baht("-18.00")},
            {"code": "voucheramount", "amount": baht("10.00")},
            {"code": "shippingdiscount", "amount": baht("-10.00")},
        ],
        "note": "leave at door", "placed_at": "2024-03-05T00:00:00+07:00", "due_at": "2024-03-07T00:00:00+07:00",
        "created_at": "2024-03-05T14:15:00+07:00", "updated_at": "2024-03-05T14:20:00+07:00",
    });
    assert_eq!(order, want);
    let customer = json!({
        "id": "7781", "code": "C-0042", "name": "Anan Demo", "email": "anan@example.com", "phone": "******45",
        "branch_name": "Head office", "branch_number": "00000", "tax_id": "0105500000001",
        "marketplace_name": "buyer_x", "marketplace_id": "90017", "social": {"lineid": "anan.line"},
        "address": {
            "text": "9 Sukhumvit Road, Bangkok 10110", "line1": "9 Sukhumvit Road",
            "subdistrict": "Khlong Toei Nuea", "district": "Watthana", "state": "Bangkok", "postal_code": "10110",
        },
    });
    let delivery = json!({
        "method": "SPX Express", "carrier": "SPX Express",
        "recipient": {"name": "Malee Demo", "email": "malee@example.com", "phone": "0810000011"},
        "address": {
            "text": "77/3 Chang Moi Road, Chiang Mai 50300", "line1": "77/3 Chang Moi Road",
            "subdistrict": "Chang Moi", "district": "Mueang Chiang Mai", "state": "Chiang Mai",
            "postal_code": "50300",
        },
    });
    let lines = json!([
        {
            "id": "3301", "product_id": "88213", "sku": "TEA-GRN-250", "name": "Green tea 250 g",
            "type_of_product": "0", "quantity": "2", "unit": "Bag", "unit_price": baht("129.50"),
            "net_price": baht("121.03"), "discount": {"unit": "percent", "value": "10", "amount": baht("25.90")},
            "taxable": true, "tax": baht("15.25"), "tax_status": "2", "total": baht("233.10"),
            "total_before_tax": baht("217.85"), "marketplace_item_id": "60017",
            "marketplace_variant_id": "60017-2",
        },
        {
            "id": "3302", "product_id": "88240", "sku": "TEA-SET", "name": "Tea set", "type_of_product": "0",
            "quantity": "1.5", "unit": "Set", "unit_price": baht("250.2667"),
            "discount": {"unit": "amount", "value": "0", "amount": baht("0")}, "total": baht("375.40"),
            "serials": ["SN-1001"], "lots": [{"number": "LOT-2403"}],
            "bundle": {"id": "412", "item_id": "9", "code": "B-TEA", "name": "Tea for two", "quantity": "1"},
        },
    ]);
    let payments = json!([{
        "id": "9001", "direction": "in", "purpose": "payment", "amount": baht("200.00"),
        "method": "Bank transfer", "method_id": "4", "slip_url": "https://shop.example/slip/9001",
        "paid_at": "2024-03-05T14:20:00+07:00",
    }]);
    assert_eq!(parts, [customer, delivery, lines, payments]);
}

#[test]
fn an_order_of_texts_and_codes_is_read_the_same() {
    let mut order = file!("UPDATEORDER-text.json");
    let parts = take(&mut order, &["customer", "delivery", "lines", "payments", "charges"]);
    let want = json!({
        "id": "551034", "number": "SO-2403-0131", "type_of_order": "0", "status": "Shipping",
        "state": "in_transit", "payment_status": "Paid", "payment_state": "paid",
        "payment_method": "Bank transfer", "voided": false, "creator": {"id": "31"},
        "flags": {"cash_on_delivery": true, "deposit": false}, "tags": ["VIP"],
        "subtotal": money("608.50"), "discount": money("48.00"),
        "discounts": [{"unit": "amount", "value": "48", "amount": money("48.00")}],
        "net": money("551.87"), "tax": money("38.63"), "tax_rate": "7", "tax_type": "3",
        "shipping_fee": money("40.00"), "total": money("590.50"), "paid": money("590.50"),
        "placed_at": local("2024-03-05T00:00:00"), "paid_at": local("2024-03-05T15:01:00"),
        "created_at": local("2024-03-05T14:15:00"), "updated_at": local("2024-03-06T09:30:00"),
    });
    assert_eq!(order, want);
    assert_eq!(parts[0], json!({"id": "7781", "name": "Anan Demo"}));
    let delivery = json!({
        "method": "Flash", "carrier": "Flash", "tracking_number": "TH0001", "shipped_at": local("2024-03-06"),
    });
    assert_eq!(parts[1], delivery);
    assert_eq!(parts[2][0]["quantity"], "2");
    assert_eq!(parts[2][0]["discount"], json!({"unit": "amount", "value": "5", "amount": money("5.00")}));
    assert_eq!((&parts[2][0]["taxable"], parts[2][0].get("bundle")), (&json!(true), None));
    assert_eq!(
        (&parts[3][0]["amount"], &parts[3][0]["paid_at"]),
        (&money("590.50"), &local("2024-03-05T15:01:00"))
    );
}

#[test]
fn recipient_parcels_and_payments_are_read() {
    let order = file!("UPDATEORDER-shipped.json");
    let delivery = json!({
        "tracking_number": "TH0001", "tracking_url": null,
        "recipient": {"name": "Malee Demo", "phone": "0810000011"},
        "address": {
            "text": "77/3 Chang Moi Road", "subdistrict": "Chang Moi", "district": "Mueang Chiang Mai",
            "state": "Chiang Mai", "postal_code": "50300",
        },
        "shipped_at": local("2024-03-06"),
        "parcels": [
            {"tracking_number": "TH0001", "carrier": "Flash", "shipped_at": local("2024-03-06")},
            {
                "tracking_number": "TH0002", "tracking_url": "https://track.example/TH0002",
                "shipped_at": local("2024-03-07"),
            },
        ],
    });
    let mut delivery = delivery;
    take(&mut delivery, &["tracking_url"]);
    assert_eq!(order["delivery"], delivery);
    let payment = json!({
        "id": "9002", "direction": "in", "purpose": "payment", "amount": money("1250.00"), "method": "Shopee",
        "paid_at": local("2024-03-05T15:01:00"),
    });
    assert_eq!(order["payments"], json!([payment]));
    assert_eq!(order["payment_method"], "Shopee");
}

#[test]
fn a_change_of_tracking_has_all_that_the_body_has() {
    let want = json!({
        "id": "551034", "number": "SO-2403-0131", "status": "Shipping", "state": "in_transit", "voided": false,
        "delivery": {
            "method": "Flash", "carrier": "Flash", "tracking_number": "TH0001",
            "shipped_at": local("2024-03-06"),
        },
    });
    assert_eq!(file!("UPDATEORDERTRACKING.json"), want);
}

#[test]
fn a_change_of_payments_has_each_payment() {
    let order = file!("UPDATEORDERPAYMENT.json");
    assert_eq!((&order["paid"], &order["payment_state"]), (&money("590.50"), &json!("paid")));
    assert_eq!(order["paid_at"], local("2024-03-06T10:05:00"));
    let amounts: Vec<_> = order["payments"].as_array().unwrap().iter().map(|p| &p["amount"]).collect();
    assert_eq!(amounts, [&money("200.00"), &money("390.50")]);
}

#[test]
fn a_voided_payment_has_no_time_of_payment() {
    let order = file!("UPDATEORDERPAYMENT-voided.json");
    assert_eq!(order["payment_state"], "cancelled");
    assert_eq!((order.get("paid_at"), order.get("paid")), (None, None), "{order}");
    let body =
        r#"{"id":1,"paymentstatus":2,"payments":[{"id":3,"amount":5,"paymentdatetime":"2024-03-06"}]}"#;
    let payment = &data("UPDATEORDERPAYMENT", body)["payments"][0];
    assert_eq!((payment.get("paid_at"), &payment["processed_at"]), (None, &local("2024-03-06")));
}

#[test]
fn paid_is_absent_where_nothing_was_paid() {
    for (amount, want) in [("\"0.00\"", None), ("0", None), ("null", None), ("\"0.01\"", Some("0.01"))] {
        for (event, field) in
            [("ADDORDER", "paid"), ("ADDPURCHASEORDER", "paid"), ("ADDRETURNORDER", "refunded")]
        {
            let data = data(event, &format!(r#"{{"id":1,"paymentamount":{amount}}}"#));
            assert_eq!(data.get(field), want.map(money).as_ref(), "{event} {amount}");
        }
    }
}

#[test]
fn a_supplier_is_paid_and_is_not_a_customer() {
    let mut purchase = file!("ADDPURCHASEORDER.json");
    let parts = take(&mut purchase, &["supplier", "lines", "payments"]);
    let want = json!({
        "id": "60021", "number": "PO-2403-0007", "reference": "Q-118", "status": "Pending", "state": "open",
        "payment_status": "Partial Payment", "payment_state": "partially_paid",
        "payment_method": "Bank transfer", "delivery_status": "Pending", "delivery_state": "open",
        "voided": false, "location": {"code": "W0001"}, "discount": money("5.00"),
        "discounts": [{"unit": "amount", "value": "5.00", "amount": money("5.00")}],
        "net": money("7400.00"), "tax": money("518.00"), "tax_rate": "7", "tax_type": "3",
        "shipping_fee": money("150.00"), "total": money("7918.00"), "paid": money("2000.00"),
        "note": "deliver before noon", "placed_at": local("2024-03-04T00:00:00"),
        "created_at": local("2024-03-04T09:12:00"), "updated_at": local("2024-03-04T09:12:00"),
    });
    assert_eq!(purchase, want);
    let supplier = json!({
        "id": "412", "code": "SUP-7", "name": "Tea Estate Demo Co., Ltd.", "email": "sales@tea-estate.example",
        "phone": "053000001", "branch_name": "Head office", "branch_number": "00000",
        "tax_id": "0105500000002", "address": {"text": "4 Mae Salong, Chiang Rai 57110"},
    });
    let line = json!({
        "id": "7101", "product_id": "88213", "sku": "TEA-GRN-250", "name": "Green tea 250 g",
        "quantity": "100", "unit": "Bag", "unit_price": money("74.00"), "net_price": money("69.16"),
        "discount": {"unit": "amount", "value": "0", "amount": money("0")}, "total": money("7400.00"),
        "total_before_tax": money("6915.89"),
    });
    let payment = json!({
        "id": "9101", "direction": "out", "purpose": "payment", "amount": money("2000.00"),
        "method": "Bank transfer", "method_id": "4", "paid_at": local("2024-03-04T16:00:00"),
    });
    assert_eq!(parts, [supplier, json!([line]), json!([payment])]);
}

#[test]
fn a_return_names_its_order_and_what_was_refunded() {
    let mut returned = file!("ADDRETURNORDER.json");
    let parts = take(&mut returned, &["customer", "lines", "delivery", "charges", "discounts", "discount"]);
    let want = json!({
        "id": "70003", "number": "CN-2403-0003", "order_id": "551020", "order_number": "SO-2403-0117",
        "reference": "SO-2403-0117", "status": "Pending", "state": "open", "payment_status": "Pending",
        "payment_state": "open", "voided": false, "channel": "Shopee-demo shop",
        "location": {"code": "W0002", "name": "Returns"}, "tax": money("15.25"), "tax_rate": "7",
        "tax_type": "3", "shipping_fee": money("0"), "total": money("233.10"), "note": "wrong size",
        "placed_at": "2024-03-11T00:00:00+07:00", "created_at": local("2024-03-11T08:30:00"),
    });
    assert_eq!(returned, want);
    assert_eq!(parts[0]["name"], "Anan Demo");
    assert_eq!((&parts[1][0]["tax_status"], &parts[1][0]["taxable"]), (&json!("2"), &json!(true)));
    assert_eq!(parts[2]["tracking_number"], "TH0090");
    let refunded = file!("UPDATERETURNORDERPAYMENT.json");
    assert_eq!((&refunded["refunded"], refunded.get("paid")), (&money("233.10"), None));
    assert_eq!(refunded["payments"][0]["direction"], "out");
}

#[test]
fn a_return_to_a_supplier_names_its_purchase() {
    let mut returned = file!("ADDRETURNPURCHASEORDER.json");
    take(&mut returned, &["lines", "discounts", "discount"]);
    let want = json!({
        "id": "80001", "number": "DN-2403-0001", "purchase_order_id": "60021",
        "purchase_order_number": "PO-2403-0007", "status": "Pending", "state": "open",
        "payment_status": "Pending", "payment_state": "open", "voided": false, "location": {"code": "W0001"},
        "supplier": {"id": "412", "code": "SUP-7", "name": "Tea Estate Demo Co., Ltd."},
        "shipping_fee": money("0"), "total": money("370.00"), "note": "damp bags",
        "placed_at": local("2024-03-25"),
    });
    assert_eq!(returned, want);
    let body = r#"{"id":1,"payments":[{"amount":370}]}"#;
    assert_eq!(data("UPDATERETURNPURCHASEORDERPAYMENT", body)["payments"][0]["direction"], "in");
}

#[test]
fn a_transfer_has_its_warehouses_and_its_lines() {
    let want = json!({
        "id": "90002", "number": "TF-2403-0002", "reference": "weekly", "type_of_transfer": "Transfer",
        "status": "Pending", "state": "open", "origin": "W0001", "destination": "W0003",
        "note": "refill the shop",
        "lines": [
            {"sku": "TEA-GRN-250", "name": "Green tea 250 g", "quantity": "20"},
            {"sku": "TEA-SET", "name": "Tea set", "quantity": "1.5"},
        ],
        "sent_at": "2024-03-08T00:00:00+07:00", "created_at": "2024-03-08T08:30:00+07:00",
    });
    assert_eq!(file!("ADDTRANSFER.json"), want);
    let adjusted = file!("ADDTRANSFER-adjust.json");
    assert_eq!(
        (&adjusted["type_of_transfer"], adjusted.get("origin"), &adjusted["state"]),
        (&json!("Adjust"), None, &json!("fulfilled"))
    );
}

#[test]
fn a_product_keeps_its_digits_and_its_quantities() {
    let want = json!({
        "id": "88213", "sku": "TEA-GRN-250", "barcode": "8850123456789", "name": "Green tea 250 g",
        "category": "Tea", "price": money("129.50"), "cost": money("74.00"), "unit": "Bag", "weight": "265",
        "weight_unit": "g",
    });
    assert_eq!(file!("ADDPRODUCT.json"), want);
    let want = json!({
        "id": "88213", "sku": "TEA-GRN-250", "name": "Green tea 250 g", "on_hand": "42.00", "available": "37.00",
    });
    assert_eq!(file!("UPDATEPRODUCTQUANTITY.json"), want);
}

#[test]
fn the_rest_products_fields_are_read_too() {
    let body = r#"{
        "productid": 5, "description": "loose", "categoryid": 12, "producttype": 0, "active": 1,
        "sell_vat_status": 1, "purchase_vat_status": 2, "imageList": ["https://shop.example/1.jpg"],
        "width": "10", "length": "20.5", "height": 3, "variationid": 77, "tag": ["new"], "stock": "4.00",
        "availablestock": "3.00", "sharelink": "https://shop.example/p/5", "list": [{"sku": "TEA", "quantity": 2}]
    }"#;
    let want = json!({
        "id": "5", "description": "loose", "category_id": "12", "type_of_product": "0", "active": true,
        "taxable": false, "tax_status": "1", "purchase_tax_status": "2",
        "image_url": "https://shop.example/1.jpg", "images": [{"url": "https://shop.example/1.jpg"}],
        "dimensions": {"width": "10", "length": "20.5", "height": "3", "unit": "cm"}, "variation_id": "77",
        "tags": ["new"], "quantity": "4.00", "available": "3.00", "url": "https://shop.example/p/5",
        "components": [{"sku": "TEA", "quantity": "2"}],
    });
    assert_eq!(data("UPDATEPRODUCT", body), want);
}

#[test]
fn contacts_and_warehouses_are_read_by_the_rest_names() {
    let body = r#"{
        "id": 7, "code": "C-7", "name": "Anan Demo", "type": "Individual", "idnumber": "0105500000001",
        "phone": "02", "mobilePhone": "08", "email": "anan@example.com", "address": "9 Sukhumvit Road",
        "branchno": "00000", "line": "anan.line", "gender": "M"
    }"#;
    let party = json!({
        "code": "C-7", "name": "Anan Demo", "type_of_party": "Individual", "tax_id": "0105500000001",
        "phone": "02", "mobile": "08", "email": "anan@example.com", "address": {"text": "9 Sukhumvit Road"},
        "branch_number": "00000", "social": {"line": "anan.line"}, "gender": "M",
    });
    assert_eq!(data("ADDCONTACT", body), json!({"id": "7", "party": party}));
    let body = r#"{"code": "W0001", "name": "Main", "address": "1 Rama IX", "province": "Bangkok"}"#;
    assert_eq!(
        data("UPDATEWAREHOUSE", body),
        json!({"code": "W0001", "name": "Main", "address": "1 Rama IX"})
    );
}

#[test]
fn a_status_code_is_its_word_and_anything_else_as_sent() {
    for (field, canonical, cases) in [
        (
            "status",
            ["status", "state"],
            &[
                ("0", "Pending", Some("open")),
                ("1", "Success", Some("fulfilled")),
                ("2", "Voided", Some("cancelled")),
                ("3", "Waiting", Some("open")),
                ("4", "Returned", Some("returned")),
                ("5", "Packed", Some("in_progress")),
                ("6", "Shipping", Some("in_transit")),
                ("7", "Failed Shipment", Some("failed")),
                ("8", "8", None),
                (r#""packed""#, "packed", Some("in_progress")),
                (r#""In Transit""#, "In Transit", None),
            ][..],
        ),
        (
            "paymentstatus",
            ["payment_status", "payment_state"],
            &[
                ("0", "Pending", Some("open")),
                ("1", "Paid", Some("paid")),
                ("2", "Voided", Some("cancelled")),
                ("3", "Partial", Some("partially_paid")),
                (r#""Partial Payment""#, "Partial Payment", Some("partially_paid")),
                ("4", "Overpaid", Some("paid")),
                (r#""Excess Payment""#, "Excess Payment", Some("paid")),
                ("5", "5", None),
            ],
        ),
    ] {
        for (sent, word, state) in cases {
            let data = data("ADDORDER", &format!(r#"{{"id":1,"{field}":{sent}}}"#));
            let read = (data[canonical[0]].as_str(), data.get(canonical[1]).and_then(Value::as_str));
            assert_eq!(read, (Some(*word), *state), "{field} {sent}");
        }
    }
}

#[test]
fn a_date_keeps_its_bangkok_day() {
    for (sent, want) in [
        // The documented pair: read as UTC it would be a day early.
        (
            r#""orderdate":"/Date(1644944400000)/","orderdateString":"2022-02-16""#,
            json!("2022-02-16T00:00:00+07:00"),
        ),
        (r#""orderdate":"\/Date(1709571600000)\/""#, json!("2024-03-05T00:00:00+07:00")),
        (r#""orderdate":"2024-03-05T10:11:12+07:00""#, json!("2024-03-05T10:11:12+07:00")),
        (r#""orderdate":"2024-03-05T10:11:12""#, local("2024-03-05T10:11:12")),
        (r#""orderdate":null,"orderdateString":"2024-03-05""#, local("2024-03-05")),
        (r#""orderdate":" ","OrderDateString":"2024-03-05""#, local("2024-03-05")),
        (r#""orderdate":"/Date(x)/","orderdateString":"2024-03-05""#, local("2024-03-05")),
        (r#""orderdate":"""#, Value::Null),
    ] {
        assert_eq!(data("ADDORDER", &format!(r#"{{"id":1,{sent}}}"#))["placed_at"], want, "{sent}");
    }
}

#[test]
fn every_notation_of_a_time_is_read() {
    for (sent, want) in [
        ("/Date(-1000)/", json!("1970-01-01T06:59:59+07:00")),
        ("/Date(1709571600000+0700)/", json!("2024-03-05T00:00:00+07:00")),
        ("2024-03-05", local("2024-03-05")),
        ("05/03/2024", local("2024-03-05")),
        ("5/3/2024", local("2024-03-05")),
        ("05-03-2567", local("2024-03-05")),
        ("2567-03-05", local("2024-03-05")),
        // This day exists in the Buddhist year only: the Gregorian year 2567 is not a leap year.
        ("29/02/2567", local("2024-02-29")),
        ("2024-03-05 14:20", local("2024-03-05T14:20:00")),
        ("05/03/2567 9:05", local("2024-03-05T09:05:00")),
        ("2567-03-05T10:11:12", local("2024-03-05T10:11:12")),
        ("2399-12-31", local("2399-12-31")),
        ("2400-01-01", local("1857-01-01")),
    ] {
        assert_eq!(serde_json::to_value(parse_time(sent)).unwrap(), want, "{sent}");
    }
    for sent in ["", "/Date(x)/", "25/03", "2024-13-05", "30/02/2567", "2024-03-05-06", "soon", "1/2/3"] {
        assert_eq!(parse_time(sent), None::<Time>, "{sent}");
    }
}
