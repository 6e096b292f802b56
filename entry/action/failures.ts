// Maps an error to the annotation that a workflow shows: its title, and what to do.
import { AwsRefused } from "../../cloud/aws/sdk-errors.ts";
import { ForgeRefused } from "../../cloud/ports/forge.ts";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import { Unconfigured } from "../../cloud/ports/settings.ts";
import { BadInput } from "../words/bad-input.ts";

export interface Failure {
  readonly title: string;
  readonly problems: readonly string[];
}

const noCredentials =
  "add a step with aws-actions/configure-aws-credentials before this one, and `permissions: id-token: write` to the job";

export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof BadInput) return { title: "Input", problems: thrown.problems };
  if (thrown instanceof Unconfigured) return { title: "Environment", problems: thrown.message.split("\n") };
  if (thrown instanceof OutOfReach)
    return {
      title: "Out of reach",
      problems: [`${thrown.message}: check the region and the network, then re-run the job`],
    };
  if (thrown instanceof AwsRefused) {
    // As each service calls credentials that are absent, expired, unknown or wrong.
    const credentials = /Credentials|Token|UnrecognizedClient|Signature|AuthFailure/.test(thrown.code);
    return { title: "AWS", problems: [credentials ? `${thrown.message}: ${noCredentials}` : thrown.message] };
  }
  if (thrown instanceof ForgeRefused) return { title: "GitHub", problems: [thrown.message] };
  const words = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return { title: "Internal error (please report)", problems: [words] };
}
