// AWS and GitHub on loopback ports under a clock that stands still, furnished as the environment `dev`.
import type { Item } from "../../cloud/aws/attribute-values.ts";
import { defaultsItem } from "../../cloud/aws/configuration-items.ts";
import { chance } from "../../cloud/sim/chance.ts";
import { domainDefaults, domainPlan } from "../../cloud/sim/domain-plan.ts";
import { dynamodb } from "../../cloud/sim/dynamodb/dynamodb.ts";
import { ec2 } from "../../cloud/sim/ec2/ec2.ts";
import { furnish, putItem } from "../../cloud/sim/furnish.ts";
import { openGithub } from "../../cloud/sim/github/github.ts";
import { logs } from "../../cloud/sim/logs.ts";
import { openFrontDoor } from "../../cloud/sim/http/front-door.ts";
import { roleName } from "../../cloud/sim/imds/role-credentials.ts";
import { iam } from "../../cloud/sim/iam.ts";
import { serviceQuotas } from "../../cloud/sim/quotas.ts";
import { sqs } from "../../cloud/sim/sqs/sqs.ts";
import { ssm } from "../../cloud/sim/ssm/ssm.ts";
import { sts } from "../../cloud/sim/sts.ts";
import { tableName } from "../../domain/names.ts";
import { manualClock } from "../sim/manual-clock.ts";
import { clientsAt, forgeAt, twoSubnets } from "./furnishing.ts";

export const environment = "dev";
export const region = "eu-west-1";
export const account = "123456789012";
export const repository = "example/shop";
export const token = "ghp_testtokenofanowner";
export const classes = { large: { cpu: 2, mmem: 4096 }, xlarge: { cpu: 4, mmem: 8192 } };
export const credentials = { accessKeyId: "AKIDCLI", secretAccessKey: "cli" };

async function openCloud() {
  const clock = manualClock();
  const base = { clock, region, account };
  const db = dynamodb({ ...base, chance: chance("cli/dynamodb") });
  const queues = sqs({ ...base, chance: chance("cli/sqs") });
  const parameters = ssm(base);
  const machines = ec2({ ...base, chance: chance("cli/ec2"), parameter: parameters.value });
  const roles = iam(base);
  const quotas = serviceQuotas(base);
  const logGroups = logs(base);
  const services = {
    dynamodb: db.service,
    sqs: queues.service,
    ec2: machines.service,
    ssm: parameters.service,
    sts: sts({
      ...base,
      roleOf: (id) => {
        const machine = machines.machine(id);
        return machine && roleName(machine);
      },
    }),
    iam: roles.service,
    servicequotas: quotas.service,
    logs: logGroups.service,
  };
  const door = await openFrontDoor({ services, clock, chance: chance("cli/door") });
  const pats = [{ token, permissions: { administration: "write", actions: "read" } as const }];
  const github = await openGithub({ clock, chance: chance("cli/github"), pats });
  const clients = clientsAt(door.url, region, credentials);
  const close = async (): Promise<void> => {
    machines.close();
    for (const client of Object.values(clients)) client.destroy();
    await Promise.all([door.close(), github.close()]);
  };
  return { clock, db, queues, parameters, machines, roles, quotas, logGroups, door, github, clients, close };
}

export async function openFurnishedCloud() {
  const cloud = await openCloud();
  const { clients, machines, github, door } = cloud;
  const imageId = machines.addImage({ name: "runner", architecture: "x86_64" });
  const wish = {
    environment,
    region,
    account,
    classes,
    architectures: ["x64" as const],
    images: { x64: imageId },
    subnets: twoSubnets(machines, region),
    forge: forgeAt(github.url, repository),
  };
  const defaults = domainDefaults(wish, await furnish(clients, domainPlan(wish)));
  const put = (item: Item): Promise<void> => putItem(clients.dynamodb, tableName(environment), item);
  await put(defaultsItem(defaults));
  door.resetCalls();
  return { ...cloud, imageId, defaults, put };
}
