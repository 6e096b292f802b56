// What the unprivileged agent asks root's units for: a file in the spool whose name is the request, an answer in another folder.
import { watch } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Random } from "../../../cloud/ports/clock.ts";
import { readText } from "../../machine/disk-state.ts";
import { hostLimits } from "../../machine/host-limits.ts";

/** take-requests.sh and request.sh know these and no others: a test compares. */
export const rootVerbs = ["start", "freeze", "thaw", "stop", "kill", "destroy", "prepare", "power-off"] as const;
export type RootVerb = (typeof rootVerbs)[number];

export interface RootAnswer {
  /** 0: done. */
  readonly code: number;
  readonly words: string;
}

export interface RootRequests {
  /** Rejects when there is no answer within `limitMs`; asking again is harmless, whatever the verb. */
  ask(verb: RootVerb, number: number, limitMs: number): Promise<RootAnswer>;
}

export interface RootRequestsOptions {
  /** Watched by runpool-request.path. */
  readonly spool: string;
  readonly answers: string;
  readonly clock: Clock;
  readonly random: Pick<Random, "id">;
}

/** As agent/hosts/systemd/units/runpool.tmpfiles makes them. */
export const rootFolders = { spool: "/run/runpool/requests", answers: "/run/runpool/answers" } as const;

export function rootRequests({ spool, answers, clock, random }: RootRequestsOptions): RootRequests {
  return {
    ask: async (verb, number, limitMs) => {
      const id = random.id();
      const wake = { now: new AbortController() };
      const watcher = watch(answers, { persistent: false }, () => wake.now.abort());
      try {
        await (await open(join(spool, `${id}.${verb}.${number}`), "wx")).close();
        const until = clock.now() + limitMs;
        for (;;) {
          const text = await readText(join(answers, id));
          if (text !== undefined) return readAnswer(text);
          if (clock.now() >= until) throw new Error(`root did not answer "${verb} ${number}" within ${limitMs} ms`);
          if (wake.now.signal.aborted) wake.now = new AbortController();
          await clock.sleep(hostLimits.answerPollMs, wake.now.signal);
        }
      } finally {
        watcher.close();
      }
    },
  };
}

/** The exit code on the first line, words below. Without a code it was cut short, and nothing is known to be done. */
export function readAnswer(text: string): RootAnswer {
  const [, code, words = ""] = /^(\d+)\n([^]*)$/.exec(text) ?? [];
  return code === undefined
    ? { code: Number.NaN, words: "the answer was cut short" }
    : { code: Number(code), words: words.trimEnd() };
}
