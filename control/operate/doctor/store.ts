// The doctor on what the environment keeps: its table, its queues, the runner tokens. Pure.
import type { KeySeen, QueueSeen, TableSeen } from "../../../cloud/ports/doctor.ts";
import { limits } from "../../../domain/limits.ts";
import { table } from "../../../domain/table.ts";
import { fail, lasting, ok, skipped, warn, worst, type Check } from "./check.ts";

const keyText = ({ hash, range }: { readonly hash: string; readonly range?: string | undefined }): string =>
  range === undefined ? hash : `${hash}, ${range}`;

function problemOfIndex(name: string, wanted: KeySeen & { readonly projects: readonly string[] }, seen: TableSeen) {
  const index = seen.indexes[name];
  if (index === undefined) return `index ${name} is missing`;
  if (keyText(index) !== keyText(wanted)) return `index ${name} has key ${keyText(index)}, not ${keyText(wanted)}`;
  const { projects } = index;
  if (projects === "everything") return undefined;
  const missing = wanted.projects.filter((one) => !projects.includes(one));
  return missing.length === 0 ? undefined : `index ${name} does not project ${missing.join(", ")}`;
}

/** Key, indexes and types as domain/table.ts says them, time to live, point-in-time recovery. */
export function judgeTable(name: string, seen: TableSeen | undefined, redeploy: string): readonly Check[] {
  if (seen === undefined) return [fail("table", `${name} does not exist`, redeploy)];
  const problems: string[] = [];
  if (keyText(seen.key) !== table.key) problems.push(`its key is ${keyText(seen.key)}, not ${table.key}`);
  for (const { name: index, hash, range, projects } of Object.values(table.indexes)) {
    const problem = problemOfIndex(index, { hash, projects, ...(range === undefined ? {} : { range }) }, seen);
    if (problem !== undefined) problems.push(problem);
  }
  for (const [attribute, type] of Object.entries(table.attributes)) {
    const found = seen.attributes[attribute];
    if (found !== undefined && found !== type) problems.push(`${attribute} is of type ${found}, not ${type}`);
  }
  const shape = worst(
    "table",
    problems.map((problem) => fail("table", problem, redeploy)),
    `${name}: key and indexes as they should be`,
  );
  return [shape, judgeTtl(name, seen.ttl, redeploy), judgeRecovery(name, seen.pointInTimeRecovery, redeploy)];
}

function judgeTtl(tableName: string, look: TableSeen["ttl"], redeploy: string): Check {
  const name = "table ttl";
  if (look.kind === "unseen") return skipped(name, look.why);
  if (look.value === table.ttl) return ok(name, `on, by ${table.ttl}`);
  const found = look.value === undefined ? "off" : `by ${look.value}, not ${table.ttl}`;
  return fail(name, `${found}: rows of ended instances are kept for ever in ${tableName}`, redeploy);
}

function judgeRecovery(tableName: string, look: TableSeen["pointInTimeRecovery"], redeploy: string): Check {
  const name = "table recovery";
  if (look.kind === "unseen") return skipped(name, look.why);
  if (look.value) return ok(name, "point-in-time recovery is on");
  return warn(name, `point-in-time recovery of ${tableName} is off`, redeploy);
}

export function judgeQueue(
  resourceClass: string,
  seen: QueueSeen | undefined,
  idleMs: number,
  redeploy: string,
): Check {
  const name = `queue ${resourceClass}`;
  if (seen === undefined) return fail(name, "it does not exist", redeploy);
  const problems: Check[] = [];
  if (seen.redrives) {
    const found = "it has a redrive policy: healthy messages are received often, and would be moved away";
    problems.push(fail(name, found, redeploy));
  }
  if (seen.retentionMs < idleMs) {
    const found = `it keeps messages for ${lasting(seen.retentionMs)}, and instances idle for ${lasting(idleMs)}`;
    problems.push(fail(name, found, redeploy));
  } else if (seen.retentionMs < limits.poolRetentionMs) {
    const found = `it keeps messages for ${lasting(seen.retentionMs)}, not ${lasting(limits.poolRetentionMs)}`;
    problems.push(warn(name, found, redeploy));
  }
  return worst(name, problems, `keeps messages for ${lasting(seen.retentionMs)}, holds about ${seen.messages}`);
}

export function judgeUnreadable(
  resourceClass: string,
  url: string,
  seen: QueueSeen | undefined,
  redeploy: string,
): Check {
  const name = `unreadable ${resourceClass}`;
  if (seen === undefined) return fail(name, "its queue does not exist", redeploy);
  if (seen.messages === 0) return ok(name, "empty");
  const look = `aws sqs receive-message --message-attribute-names All --queue-url ${url}`;
  return warn(name, `about ${seen.messages} message${seen.messages === 1 ? "" : "s"} that nobody could read`, look);
}

/** `kind`: registration or removal. Refresh renews each at half of its life. */
export function judgeToken(
  kind: string,
  partition: string,
  writtenAt: number | undefined,
  now: number,
  environment: string,
): Check {
  const name = `${kind} token ${partition}`;
  const remedy = `runpool refresh -e ${environment}, and see why the scheduled refresh does not`;
  if (writtenAt === undefined)
    return fail(
      name,
      `there is none: no runner of ${partition} can ${kind === "removal" ? "be removed" : "register"}`,
      remedy,
    );
  const age = Math.max(0, now - writtenAt);
  const found = `written ${lasting(age)} ago`;
  if (age >= limits.tokenLifeMs) return fail(name, `${found}: it is no longer valid`, remedy);
  if (age > limits.tokenRenewMs + 2 * limits.refreshMs) return warn(name, `${found}: refresh is late`, remedy);
  return ok(name, found);
}
