<?php
// An HTTPS endpoint for Inlet's events: checks the signature over the raw body, then logs the event.
// INLET_SECRETS="whsec_... whsec_..." php -S 127.0.0.1:3000 index.php

declare(strict_types=1);

function is_signed(string $body): bool
{
    $id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
    $time = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    // A delivery that is older or newer than five minutes may be a recorded one.
    if (!ctype_digit($time) || abs(time() - (int) $time) > 300) {
        return false;
    }
    // Several secrets are live while one replaces another.
    foreach (array_filter(explode(' ', getenv('INLET_SECRETS') ?: '')) as $secret) {
        $key = base64_decode(substr($secret, strlen('whsec_')), true);
        $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$time.$body", (string) $key, true));
        foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $signature) {
            if ($key && hash_equals($expected, $signature)) {
                return true;
            }
        }
    }
    return false;
}

$body = file_get_contents('php://input');
if (!is_signed($body)) {
    http_response_code(401);
    return;
}
$event = json_decode($body, true, flags: JSON_THROW_ON_ERROR);
// In your code: store $event['id'] and $event['replayid'], and process an event that is stored no second time.
error_log("processed: {$event['subject']} " . ($event['data']['status'] ?? ''));
// 2xx: done. 408, 425, 429, 5xx: tried until it is done. Others: tried five times, then parked.
http_response_code(204);
