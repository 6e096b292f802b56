// ARNs of an environment's resources, made from the names in domain/names.ts, and the names that only stacks know.
import { queueName } from "../domain/class-keys.ts";
import {
  imageBuildRoleName,
  instanceLogGroup,
  instanceRoleName,
  jitConfigurationFolder,
  registrationTokenParameter,
  removalTokenParameter,
  tableName,
} from "../domain/names.ts";
import type { MachineName } from "../domain/class-keys.ts";
import type { MachineSettings } from "../domain/machine-class.ts";
import type { Environment } from "./environment/environment.ts";

/** Every class that has a queue: those in use, and the retired ones. */
export const queuedClasses = (environment: Environment): readonly string[] => [
  ...Object.keys(environment.classes),
  ...environment.retiredClasses,
];

export interface KeptMachine extends MachineName {
  readonly settings: MachineSettings;
  readonly inUse: boolean;
}

/** All that has launch templates: the machines of every class, and what of them is retired; a retired class has become as the defaults are. */
export const keptMachines = ({
  defaults,
  classes,
  retiredClasses,
  retiredArchitectures,
}: Pick<Environment, "defaults" | "classes" | "retiredClasses" | "retiredArchitectures">): readonly KeptMachine[] => {
  const all = [
    ...Object.entries(classes).map(([name, settings]) => ({ name, settings, inUse: true })),
    ...retiredClasses.map((name) => ({ name, settings: defaults, inUse: false })),
  ];
  return all.flatMap(({ name, settings, inUse }) =>
    [...new Set([...settings.architectures, ...retiredArchitectures])].map((architecture) => ({
      resourceClass: name,
      architecture,
      settings,
      inUse: inUse && settings.architectures.includes(architecture),
    })),
  );
};

/** Names within an environment that nothing but its stacks needs. */
export const stackNames = (environment: string) => ({
  prefix: `runpool-${environment}`,
  provisionRole: `runpool-${environment}-provision`,
  operateRole: `runpool-${environment}-operate`,
  deployRole: `runpool-${environment}-deploy`,
  imagesRole: `runpool-${environment}-images`,
  alarms: `runpool-${environment}-alarms`,
  instanceLogs: instanceLogGroup(environment),
});

/** Of a lambda and what belongs to it alone. */
export const lambdaNames = (environment: string, lambda: string) => {
  const name = `${stackNames(environment).prefix}-${lambda}`;
  return {
    /** Its role's too. */
    function: name,
    queue: name,
    deadLetters: `${name}-dead-letters`,
    /** The role in which its schedules call it. */
    schedule: `${name}-schedule`,
    logs: `/aws/lambda/${name}`,
  };
};

/** Of a schedule in the environment's file: with "_" behind the environment's name, which tells it from every other environment's. */
export const floorsScheduleName = (environment: string, schedule: string): string =>
  `${stackNames(environment).prefix}_floors-${schedule}`;

export type Arns = ReturnType<typeof arnsOf>;

export function arnsOf(environment: Environment) {
  const { name, awsPartition, region, account } = environment;
  const names = stackNames(name);
  const here = (service: string, resource: string): string =>
    `arn:${awsPartition}:${service}:${region}:${account}:${resource}`;
  const iam = (resource: string): string => `arn:${awsPartition}:iam::${account}:${resource}`;
  /** AWS's public parameters (`/aws/service/…`) belong to no account. */
  const parameter = (path: string): string =>
    path.startsWith("/aws/") ? `arn:${awsPartition}:ssm:${region}::parameter${path}` : here("ssm", `parameter${path}`);
  const table = here("dynamodb", `table/${tableName(name)}`);
  return {
    here,
    iam,
    parameter,
    table,
    indexes: `${table}/index/*`,
    /** Of every class, and those beside them: "_" ends the environment's name, so no other environment's is meant. Named one by one, fifteen classes were more than a role's policies hold. */
    queues: [here("sqs", queueName(name, "*"))],
    /** Of every partition. */
    instanceRoles: iam(`role/${instanceRoleName(name)}*`),
    /** Whatever number of repositories there is: a role's policies hold 10,240 characters. */
    allRunnerTokens: [registrationTokenParameter(name, "*"), removalTokenParameter(name, "*")].map((path) =>
      parameter(path.replace(/_$/, "*")),
    ),
    /** Of every instance: the folder itself, by whose name what it holds is listed, and what it holds. */
    jitConfigurations: [jitConfigurationFolder(name), `${jitConfigurationFolder(name)}/*`].map(parameter),
    runnerTokensOf: (partition: string): readonly string[] => [
      parameter(registrationTokenParameter(name, partition)),
      parameter(removalTokenParameter(name, partition)),
    ],
    instanceLogs: here("logs", `log-group:${names.instanceLogs}`),
    account,
    imageBuildRole: iam(`role/${imageBuildRoleName(name)}`),
    imageBuildProfile: iam(`instance-profile/${imageBuildRoleName(name)}`),
    /** AWS's own document. */
    portForwarding: `arn:${awsPartition}:ssm:${region}::document/AWS-StartPortForwardingSession`,
    ec2: (resource: string): string => here("ec2", resource),
    /** An AMI belongs to no account in its ARN. */
    images: `arn:${awsPartition}:ec2:${region}::image/*`,
    snapshots: `arn:${awsPartition}:ec2:${region}::snapshot/*`,
  };
}
