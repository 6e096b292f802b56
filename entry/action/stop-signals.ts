// A cancelled step gets SIGINT, 7.5 s later SIGTERM, 2.5 s after that it is killed: the first asks to stop, the post step does the rest.
/** Aborts at the first signal; the later ones no longer end the process. */
export function onStop(heard: () => void): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.on(name, () => {
      if (controller.signal.aborted) return;
      controller.abort();
      heard();
    });
  return controller.signal;
}
