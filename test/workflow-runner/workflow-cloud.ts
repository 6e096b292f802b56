// The embedded cloud that workflows are played on: two architectures, real agents, real runners, real time.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromItem, type Item } from "../../cloud/aws/attribute-values.ts";
import { defaultsItem } from "../../cloud/aws/configuration-items.ts";
import { chance } from "../../cloud/sim/chance.ts";
import { domainDefaults, domainPlan } from "../../cloud/sim/domain-plan.ts";
import { dynamodb } from "../../cloud/sim/dynamodb/dynamodb.ts";
import { ec2 } from "../../cloud/sim/ec2/ec2.ts";
import { furnish, putItem } from "../../cloud/sim/furnish.ts";
import { openGithub } from "../../cloud/sim/github/github.ts";
import { openFrontDoor } from "../../cloud/sim/http/front-door.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { sqs } from "../../cloud/sim/sqs/sqs.ts";
import { ssm } from "../../cloud/sim/ssm/ssm.ts";
import { sts } from "../../cloud/sim/sts.ts";
import type { Clock } from "../../cloud/ports.ts";
import { tableName } from "../../domain/names.ts";
import { decodeRecord, isDamaged, type InstanceRecord } from "../../domain/record.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";
import { isInstanceKey } from "../../domain/table.ts";
import { bundle, executables } from "../../entry/build/bundles.ts";
import { buildAgent } from "../../entry/laptop/agent-bundle.ts";
import { credentials, place, repository } from "../../entry/laptop/embedded-cloud.ts";
import { openMachines } from "../../entry/laptop/machines.ts";
import { clientsAt, forgeAt, twoSubnets } from "../cli/furnishing.ts";
import type { Stage } from "./stage.ts";

const { environment, region, account } = place;
const token = "ghp_workflowtokenxxxxxxxxxxxxxxxxxxxxxxxx";
const architectures = ["x64", "arm64"] as const;

/** GitHub's clock is a minute behind: a job that it queues has been waiting for a minute, as far as refresh can tell. */
const githubClock: Clock = { ...hostClock, now: () => hostClock.now() - 60_000 };

async function openAws(clock: Clock) {
  const common = { clock, chance: chance("workflows"), region, account };
  const parameters = ssm(common);
  const machines = ec2({ ...common, parameter: (name) => parameters.value(name) });
  machines.faults.bootMs = 100;
  const table = dynamodb(common);
  const queues = sqs(common);
  const services = {
    dynamodb: table.service,
    sqs: queues.service,
    ec2: machines.service,
    ssm: parameters.service,
    sts: sts(common),
  };
  return { door: await openFrontDoor({ services, ...common }), machines, table, parameters };
}

async function furnishWith(aws: Awaited<ReturnType<typeof openAws>>, forgeUrl: string): Promise<void> {
  const { door, machines } = aws;
  const clients = clientsAt(door.url, region, credentials);
  const wish = {
    environment,
    region,
    account,
    classes: defaultResourceClasses,
    architectures,
    images: {
      x64: machines.addImage({ name: "x64", architecture: "x86_64" }),
      arm64: machines.addImage({ name: "arm64", architecture: "arm64" }),
    },
    subnets: twoSubnets(machines, region),
    forge: forgeAt(forgeUrl, repository),
  };
  const defaults = domainDefaults(wish, await furnish(clients, domainPlan(wish)));
  await putItem(clients.dynamodb, tableName(environment), defaultsItem(defaults));
  for (const client of Object.values(clients)) client.destroy();
}

export type WorkflowCloud = Awaited<ReturnType<typeof openWorkflowCloud>>;

/** `clock`: AWS's, which every client follows. */
export async function openWorkflowCloud(clock: Clock = hostClock) {
  const directory = await mkdtemp(join(tmpdir(), "runpool-workflows-"));
  const permissions = { administration: "write", actions: "read" } as const;
  const aws = await openAws(clock);
  const github = await openGithub({
    clock: githubClock,
    chance: chance("workflows/github"),
    pats: [{ token, permissions }],
  });
  await furnishWith(aws, github.url);
  const action = executables().find(({ name }) => name === "action");
  if (action === undefined) throw new Error("this checkout has no action");
  await bundle(action, join(directory, "dist"));
  const machines = await openMachines({
    directory,
    agentBundle: await buildAgent(directory),
    hooks: join(import.meta.dirname, "../../agent/units"),
    awsEndpoint: aws.door.url,
    forgeServer: github.url,
    ec2: aws.machines,
    preRunnerScript: "true\n",
  });
  const variables = {
    AWS_REGION: region,
    AWS_ENDPOINT_URL: aws.door.url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
  const stage: Stage = {
    github,
    repository,
    built: directory,
    actions: {
      "octo-org/runpool": "ours",
      "./": "ours",
      "aws-actions/configure-aws-credentials": { variables },
      "actions/checkout": { variables: {} },
    },
    secrets: { RUNPOOL_GITHUB_TOKEN: token, GITHUB_TOKEN: token },
    workspaces: directory,
  };
  const records = (): readonly InstanceRecord[] =>
    aws.table.items(tableName(environment)).flatMap((item) => {
      const fields = fromItem(item as Item);
      const record = isInstanceKey(String(fields["key"])) ? decodeRecord(fields) : undefined;
      return record === undefined || isDamaged(record) ? [] : [record];
    });
  return {
    stage,
    /** What a person sets in a copied workflow. */
    env: { RUNPOOL_ENVIRONMENT: environment, AWS_REGION: region },
    records,
    machines: aws.machines,
    parameter: aws.parameters.value,
    /** Hears of every change in the table. */
    onChange: (listener: () => void) => aws.table.onChange(listener),
    close: async () => {
      await machines.endAll();
      aws.machines.close();
      await Promise.all([aws.door.close(), github.close()]);
      await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
