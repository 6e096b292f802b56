// Terraform runs this before it destroys a pool, with environment and region: it fails while machines of the environment live.
import { SSMClient } from "@aws-sdk/client-ssm";
import { clientOptions } from "../cloud/aws/client-options.ts";
import { fleet } from "../cloud/aws/fleet.ts";

const [environment, region] = process.argv.slice(2);
if (environment === undefined || region === undefined) throw new Error("usage: refuse-destroy.ts ENVIRONMENT REGION");
const machines = await fleet({
  ec2: (sdk) => new sdk.EC2Client({ region, ...clientOptions("ec2", process.env) }),
  ssm: () => new SSMClient({ region, ...clientOptions("other", process.env) }),
  environment,
}).ours();
const alive = machines.filter(({ state }) => state !== "shutting-down");
if (alive.length > 0) {
  const ids = alive.map(({ instanceId }) => instanceId).join(", ");
  process.stderr.write(
    `${alive.length} instances of environment "${environment}" live: ${ids}\n` +
      `Run first: npm run runpool -- drain --all --wait --environment ${environment}\n`,
  );
  process.exitCode = 1;
}
