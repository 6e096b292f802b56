// A toy that reads a queue: prints each job that it did, and fails for those that ask for it.
import * as z from "zod/mini";
import { eachMessage, onMessages, type Message } from "../../entry/lambdas/run.ts";

interface Job {
  readonly job: string;
  /** Tries that fail. */
  readonly fails?: number | undefined;
}

const take = async ({ id, body: { job, fails = 0 }, received }: Message<Job>): Promise<void> => {
  if (received <= fails) throw new Error(`${job} fails at delivery ${received}`);
  process.stdout.write(`${JSON.stringify({ done: job, id, received })}\n`);
};

export const handler = onMessages({
  message: z.object({ job: z.string(), fails: z.optional(z.number()) }),
  open: ({ log }) => ({ log }),
  handle: eachMessage(take),
});
