// A toy behind a URL: answers what it was sent, byte for byte.
import { onRequest } from "../../entry/lambdas/run.ts";

export const handler = onRequest({
  bodyMostBytes: 64,
  open: ({ environment }) => environment,
  handle: async ({ method, path, query, headers, body }, environment) => {
    const given = { environment, method, path, query, signature: headers["x-signature"] };
    return { status: 202, body: { ...given, bytes: body.toString("hex") } };
  },
});
