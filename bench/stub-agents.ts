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

process.on("message", (message: Claimed | { delayMs: readonly [number, number] }) => {
  if ("delayMs" in message) {
    delayMs = message.delayMs;
    return;
  }
  const kind = message.wanted === "leave" ? "deregistered" : "registered";
  const name = `${message.table} ${message.key}`;
  const what = `${kind} ${message.assignment}`;
  if (answered.get(name) === what || message.signal === kind) return;
  answered.set(name, what);
  const [least, most] = delayMs;
  // Signals only move forward: one that something newer has overtaken is not written.
  const sayStill = (): void => {
    if (answered.get(name) === what) say(message, kind);
  };
  if (most === 0) sayStill();
  else setTimeout(sayStill, least + Math.random() * (most - least));
});
process.on("disconnect", () => process.exit(0));
