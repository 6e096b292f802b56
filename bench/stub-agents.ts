// The agents of the benchmark's instances, played in a process of its own: each claim is answered at once, or after a chance delay.
import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/** An instance that has an owner, as the cloud's process tells it. */
export interface Claimed {
  readonly table: string;
  readonly key: string;
  readonly assignment: number;
  readonly wanted: string;
  /** Its signal of this assignment. */
  readonly signal: string | undefined;
}

/** What an agent writes. */
export interface AgentWrite {
  readonly table: string;
  readonly key: string;
  readonly set: Readonly<Record<string, AttributeValue>>;
}

const ranks: Readonly<Record<string, number>> = { registered: 4, deregistered: 9 };
const answered = new Map<string, string>();
/** Least and most, so that the answer falls anywhere between two polls. */
let delayMs: readonly [number, number] = [0, 0];

function say({ table, key, assignment }: Claimed, kind: string): void {
  const at = { N: String(Date.now()) };
  const signal = { kind: { S: kind }, rank: { N: String(ranks[kind]) }, assignment: { N: String(assignment) }, at };
  const write: AgentWrite = { table, key, set: { signal: { M: signal }, heartbeatAt: at } };
  process.send?.(write);
}

process.on("message", (result: Claimed | { delayMs: readonly [number, number] }) => {
  if ("delayMs" in result) {
    delayMs = result.delayMs;
    return;
  }
  const kind = result.wanted === "leave" ? "deregistered" : "registered";
  const name = `${result.table} ${result.key}`;
  const what = `${kind} ${result.assignment}`;
  if (answered.get(name) === what || result.signal === kind) return;
  answered.set(name, what);
  const [least, most] = delayMs;
  // Signals only move forward: what was to be write before something newer is not write.
  const sayStill = (): void => {
    if (answered.get(name) === what) say(result, kind);
  };
  if (most === 0) sayStill();
  else setTimeout(sayStill, least + Math.random() * (most - least));
});
process.on("disconnect", () => process.exit(0));
