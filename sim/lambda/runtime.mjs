// Lambda's Node.js runtime, as far as a handler sees it: loads the code once, then answers one event after the other.
const failure = (error) => ({
  errorType: error instanceof Error ? error.name : typeof error,
  errorMessage: error instanceof Error ? error.message : String(error),
});

const { handler } = await import(process.argv[2]);

process.on("message", ({ event, context }) => {
  const deadline = context.deadline;
  const given = { ...context, getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()) };
  // What a handler throws before its first `await` is a failure like any other.
  Promise.resolve()
    .then(() => handler(JSON.parse(event), given))
    .then((reply) => process.send({ payload: JSON.stringify(reply ?? null) }))
    .catch((error) => process.send({ error: failure(error) }));
});
