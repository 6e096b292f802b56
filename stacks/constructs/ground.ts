// What every stack stands on: the AWS provider, where its state is kept, and no absolute path in what is synthesized.
import { LocalBackend, S3Backend, type TerraformStack } from "cdktf";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider/index.js";
import { tags } from "../../domain/names.ts";
import type { Environment } from "../environment/environment.ts";
import { literal } from "../environment/literal.ts";

/** Tags of everything that an environment's stacks make. */
export const environmentTags = ({ name, tags: own }: Pick<Environment, "name" | "tags">): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(own).map(([key, value]) => [key, literal(value)])),
  [tags.environment]: name,
});

/** Terraform runs in `cdktf.out/stacks/<stack>`; the state lies beside `cdktf.out`, which may be deleted at any time. */
const localState = (stack: string): string => `../../../terraform.${stack}.tfstate`;

export function keepState(stack: TerraformStack, state: Environment["state"]): void {
  const name = stack.node.id;
  if (state.kind === "local") {
    new LocalBackend(stack, { path: localState(name) });
    return;
  }
  const { bucket, region, kmsKeyArn } = state;
  new S3Backend(stack, {
    bucket,
    region,
    key: `runpool/${name}.tfstate`,
    encrypt: true,
    ...(kmsKeyArn === undefined ? {} : { kmsKeyId: kmsKeyArn }),
  });
  // Terraform ≥ 1.11: a lock file in the bucket, no table. CDKTF's S3Backend does not know it yet.
  stack.addOverride("terraform.backend.s3.use_lockfile", true);
}

/** Both major versions of the provider know every argument used here; CDKTF would pin the one that it was made from. */
export function widenVersions(stack: TerraformStack): void {
  stack.addOverride("terraform.required_version", ">= 1.5.7");
  stack.addOverride("terraform.required_providers.aws.version", ">= 5.100.0, < 7.0.0");
}

/** A stack of one environment, in its region and account. */
export function layGround(stack: TerraformStack, environment: Environment): void {
  new AwsProvider(stack, "aws", {
    region: environment.region,
    allowedAccountIds: [environment.account],
    defaultTags: [{ tags: environmentTags(environment) }],
  });
  widenVersions(stack);
  keepState(stack, environment.state);
}
