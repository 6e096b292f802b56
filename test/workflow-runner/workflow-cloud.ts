// The embedded cloud that workflows are played on: two architectures, real agents, real runners, real time.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromItem, type Item } from "../../cloud/aws/attribute-values.ts";
import { defaultsItem } from "../../cloud/aws/configuration-items.ts";
import { chance } from "../../sim/chance.ts";
import { domainDefaults, domainPlan } from "../world/domain-plan.ts";
import { embeddedCloud, twoSubnets, type EmbeddedCloud } from "../../sim/embedded-cloud.ts";
import { furnish, putItem } from "../../sim/furnish.ts";
import { hostClock } from "../../entry/host-clock.ts";
import type { Clock } from "../../cloud/ports/clock.ts";
import { tableName } from "../../domain/names.ts";
import { architectures, decodeRecord, isDamaged, type InstanceRecord } from "../../domain/record.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";
import { isInstanceKey } from "../../domain/table.ts";
import { bundle, executables } from "../../build/bundles.ts";
import { buildAgent } from "../../entry/laptop/agent-bundle.ts";
import { credentials, place, repository } from "../../entry/laptop/embedded-cloud.ts";
import { openMachines } from "../../entry/laptop/machines.ts";
import type { Stage } from "./play.ts";

const { environment, region, account } = place;
const token = "ghp_workflowtokenxxxxxxxxxxxxxxxxxxxxxxxx";

/** GitHub's clock is a minute behind: a job that it queues has been waiting for a minute, as far as refresh can tell. */
const githubClock: Clock = { ...hostClock, now: () => hostClock.now() - 60_000 };

async function furnishWith(aws: EmbeddedCloud, forgeUrl: string): Promise<void> {
  const { machines, clients } = aws;
  const options = {
    environment,
    region,
    account,
    classes: defaultResourceClasses,
    architectures,
    images: {
      x64: machines.addImage({ name: "x64", architecture: "x86_64" }),
      arm64: machines.addImage({ name: "arm64", architecture: "arm64" }),
    },
    subnets: twoSubnets(aws, region),
    forge: { kind: "github" as const, serverUrl: forgeUrl, apiUrl: forgeUrl, repositories: [repository] },
  };
  const defaults = domainDefaults(options, await furnish(clients, domainPlan(options)));
  await putItem(clients.dynamodb, tableName(environment), defaultsItem(defaults));
}

export type WorkflowCloud = Awaited<ReturnType<typeof openWorkflowCloud>>;

export async function openWorkflowCloud() {
  const directory = await mkdtemp(join(tmpdir(), "runpool-workflows-"));
  const permissions = { administration: "write", actions: "read" } as const;
  const aws = await embeddedCloud({
    clock: hostClock,
    chance: chance("workflows"),
    region,
    account,
    github: { clock: githubClock, chance: chance("workflows/github"), pats: [{ token, permissions }] },
  });
  const { github } = aws;
  aws.machines.faults.bootMs = 100;
  await furnishWith(aws, github.url);
  const action = executables().find(({ name }) => name === "action");
  if (action === undefined) throw new Error("this checkout has no action");
  await bundle(action, join(directory, "dist"));
  const machines = await openMachines({
    directory,
    agentBundle: await buildAgent(directory),
    hooks: join(import.meta.dirname, "../../agent/runners/github/units"),
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
  const stage = {
    github,
    repository,
    built: directory,
    actions: {
      "octo-org/runpool": "ours" as const,
      "./": "ours" as const,
      "aws-actions/configure-aws-credentials": { variables },
      "actions/checkout": {},
    },
    secrets: { RUNPOOL_GITHUB_TOKEN: token, GITHUB_TOKEN: token },
    workspaces: directory,
  } satisfies Stage;
  const records = (): readonly InstanceRecord[] =>
    aws.db.items(tableName(environment)).flatMap((item) => {
      const fields = fromItem(item as Item);
      const record = isInstanceKey(String(fields["key"])) ? decodeRecord(fields) : undefined;
      return record === undefined || isDamaged(record) ? [] : [record];
    });
  return {
    stage,
    /** What a person sets in a copied workflow. */
    env: { RUNPOOL_ENVIRONMENT: environment, AWS_REGION: region },
    records,
    close: async () => {
      await machines.endAll();
      await aws.close();
      await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
