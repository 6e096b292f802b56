// Groups reasons of instances that failed in the same way.
import type { Reason } from "../../domain/reasons.ts";
import { wordsOfReason } from "./reasons.ts";

const anInstance = /i-[0-9a-f]{8,17}( \([^()]*\))?/g;
/** Ids that are named beside the first. */
const mostNamed = 3;

/** Equal for texts that differ only in instance ids and numbers: durations do not distinguish failures. */
export const kindOf = (text: string): string => text.replaceAll(anInstance, "i-").replaceAll(/\d+/g, "#");

/** Equal for reasons that differ only in the instance and in numbers. */
function alikeOf(reason: Reason): string {
  const { code } = reason;
  const facts = code === "instance" ? { code, cause: reason.cause, signal: reason.signal } : reason;
  return JSON.stringify(facts, (_name, fact: unknown) => {
    if (typeof fact === "number") return 0;
    return typeof fact === "string" ? kindOf(fact) : fact;
  });
}

interface Line {
  readonly words: string;
  readonly kind: string;
  readonly instance: string | undefined;
}
const lineOf = (reason: Reason | string): Line =>
  typeof reason === "string"
    ? { words: reason, kind: kindOf(reason), instance: /^i-[0-9a-f]+/.exec(reason)?.[0] }
    : {
        words: wordsOfReason(reason),
        kind: alikeOf(reason),
        instance: reason.code === "instance" ? reason.instanceId : undefined,
      };

/** Each kind of reason once, as the first of it says it, with how many others there are; in the order of the first ones. */
export function alikeTogether(reasons: readonly (Reason | string)[]): readonly string[] {
  return [...Map.groupBy(reasons.map(lineOf), ({ kind }) => kind).values()].map(([first, ...others]) => {
    const { words = "" } = first ?? {};
    if (others.length === 0) return words;
    const ids = others.flatMap(({ instance }) => instance ?? []);
    const named =
      ids.length === 0 ? "" : `: ${ids.slice(0, mostNamed).join(", ")}${ids.length > mostNamed ? " …" : ""}`;
    return `${words} (and ${others.length} more like it${named})`;
  });
}
