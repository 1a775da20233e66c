// A CDK application around the packaged template, which `sam package` writes from a release or a clone:
//   sam package --resolve-s3 --output-template-file packaged.yaml
// A rule of your own then sends events to your function.
import { App, CfnStack, Duration, Stack, Tags } from "aws-cdk-lib";
import { EventBus, Rule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Code, Function, Runtime } from "aws-cdk-lib/aws-lambda";
import { Asset } from "aws-cdk-lib/aws-s3-assets";
import { Queue } from "aws-cdk-lib/aws-sqs";

class Webhooks extends Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    const template = new Asset(this, "Template", { path: "packaged.yaml" });
    const inlet = new CfnStack(this, "Inlet", {
      templateUrl: template.httpUrl,
      parameters: { Stage: "prod", AlarmEmail: "you@example.com" },
    });

    const handler = new Function(this, "Orders", {
      runtime: Runtime.PYTHON_3_13,
      handler: "index.handler",
      code: Code.fromInline("def handler(event, context):\n    print(event['detail']['id'])\n"),
    });
    new Rule(this, "NewOrders", {
      eventBus: EventBus.fromEventBusArn(this, "Bus", inlet.getAtt("Outputs.BusArn").toString()),
      eventPattern: { source: ["inlet.zid"], detailType: ["commerce.order.created"] },
      targets: [
        new LambdaFunction(handler, {
          deadLetterQueue: new Queue(this, "Failed", { retentionPeriod: Duration.days(14) }),
        }),
      ],
    });
  }
}

const app = new App();
Tags.of(new Webhooks(app, "webhooks-prod", { terminationProtection: true })).add("application", "inlet");
