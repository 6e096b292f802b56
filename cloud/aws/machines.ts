// Machines as EC2 shows and ends them.
import type { EC2Client, Filter, Instance } from "@aws-sdk/client-ec2";
import type * as Ec2 from "./ec2-sdk.ts";
import { batchesOf } from "../../domain/batches.ts";
import { poolManager, tags } from "../../domain/names.ts";
import type { Architecture } from "../../domain/record.ts";
import type { MachineState } from "../../domain/reasons.ts";
import type { MachineSeen } from "../ports/fleet.ts";
import { allPages } from "./all-pages.ts";
import { asSdkError, problemOf, troubleOf } from "./sdk-errors.ts";

export interface MachineTools {
  readonly sdk: typeof Ec2;
  readonly client: EC2Client;
}

/** Of one filter's values EC2 takes 200 (EC2 API Reference, DescribeInstances). */
const filterValues = 200;
const pageSize = 1000;
/** TerminateInstances takes 1000; smaller batches lose less to one id that is refused. */
const terminateBatch = 100;

/** As EC2 names them; a machine or an image may have another. */
export const architectures: Readonly<Record<string, Architecture>> = { x86_64: "x64", arm64: "arm64" };

const seenAs = (instance: Instance): MachineSeen => {
  const { InstanceId, State, LaunchTime, Tags, StateReason, StateTransitionReason } = instance;
  const zone = instance.Placement?.AvailabilityZone;
  const architecture = architectures[instance.Architecture ?? ""];
  const reason = StateReason?.Message ?? StateTransitionReason ?? "";
  return {
    instanceId: InstanceId ?? "",
    state: (State?.Name ?? "pending") satisfies MachineState,
    launchedAt: LaunchTime?.getTime() ?? 0,
    ...(zone === undefined ? {} : { zone }),
    ...(architecture === undefined ? {} : { architecture }),
    tags: Object.fromEntries((Tags ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""])),
    ...(reason === "" ? {} : { reason }),
  };
};

const find = ({ sdk, client }: MachineTools, filters: readonly Filter[]): Promise<readonly MachineSeen[]> =>
  allPages(
    "DescribeInstances",
    sdk.paginateDescribeInstances({ client, pageSize }, { Filters: [...filters] }),
    ({ Reservations = [] }) => Reservations.flatMap(({ Instances = [] }) => Instances.map(seenAs)),
  );

/** Asked by filter, not by id: one id that EC2 does not know would fail the whole request. */
export async function describe(tools: MachineTools, ids: readonly string[]): Promise<ReadonlyMap<string, MachineSeen>> {
  const batches = batchesOf([...new Set(ids)], filterValues);
  const found = await Promise.all(batches.map((Values) => find(tools, [{ Name: "instance-id", Values: [...Values] }])));
  return new Map(found.flat().map((machine) => [machine.instanceId, machine]));
}

export const ours = (tools: MachineTools, environment: string): Promise<readonly MachineSeen[]> =>
  find(tools, [
    { Name: `tag:${tags.environment}`, Values: [environment] },
    { Name: `tag:${tags.manager}`, Values: [poolManager] },
    { Name: "instance-state-name", Values: ["pending", "running", "shutting-down", "stopping", "stopped"] },
  ]);

/** EC2 refuses a whole batch for one id; the ids it does not know are in its message, quoted or in a list. */
const idsIn = (message: string): readonly string[] => message.match(/i-[0-9a-f]{8,17}/g) ?? [];

async function terminateSome(
  tools: MachineTools,
  ids: readonly string[],
): Promise<readonly (readonly [string, string])[]> {
  if (ids.length === 0) return [];
  try {
    await tools.client.send(new tools.sdk.TerminateInstancesCommand({ InstanceIds: [...ids] }));
    return [];
  } catch (error) {
    const { name, message } = asSdkError(error);
    if (troubleOf(error) !== "refused") return ids.map((id) => [id, problemOf(error)]);
    const unknown = new Set(name === "InvalidInstanceID.NotFound" ? idsIn(message) : []);
    const known = ids.filter((id) => !unknown.has(id));
    if (known.length < ids.length) return terminateSome(tools, known);
    if (name === "InvalidInstanceID.NotFound" && ids.length === 1) return [];
    if (ids.length === 1) return ids.map((id) => [id, problemOf(error)]);
    // Something about one of them: each alone shows which.
    return (await Promise.all(ids.map((id) => terminateSome(tools, [id])))).flat();
  }
}

export async function terminate(tools: MachineTools, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const batches = batchesOf([...new Set(ids)], terminateBatch);
  const refused = await Promise.all(batches.map((batch) => terminateSome(tools, batch)));
  return new Map(refused.flat());
}
