import { AwsError, type Service } from "../service.ts";
import { failJson } from "./json-protocol.ts";
import { failQuery } from "./query-protocol.ts";

/** Services with XML answers whose requests may come without a form: https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html */
const REST_XML = new Set(["cloudfront", "route53"]);

/**
 * Stands in for a service of AWS that the engine does not have, so that its clients get an error they can read:
 * XML for the query protocol and the REST services with XML, JSON for all others.
 */
export function unserved(name: string, served: readonly string[]): Service {
  return {
    handle: async () => {
      throw new AwsError(
        "NotImplemented",
        `edp's local engine does not serve ${name}, only ${served.join(", ")}; use an AWS environment for it`,
        501,
      );
    },
    fail(error, request) {
      const form = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
      if (!form && !REST_XML.has(name)) {
        // The answer speaks the version of the JSON protocol it was asked in; REST services read 1.1 as well.
        const version = request.headers["content-type"]?.startsWith("application/x-amz-json-1.0")
          ? "1.0"
          : "1.1";
        return failJson({ version, target: name }, error);
      }
      const answer = failQuery({ namespace: `http://${name}.amazonaws.com/` }, error, request);
      return name === "ec2" ? { ...answer, body: ec2Form(error, request.requestId) } : answer;
    },
    close: async () => {},
  };
}

/** EC2 has a form of its own: https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html */
function ec2Form({ code, message }: AwsError, requestId: string): string {
  return `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>${requestId}</RequestID></Response>`;
}
