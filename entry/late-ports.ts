// Ports whose making is put off until one of their methods is called: what they are made of is not read before the first call to AWS.

/** Calls `make` once, when first needed; a failure is not remembered. */
export function lazily<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

type Methods<Port> = { readonly [Name in keyof Port]: (...given: never) => Promise<unknown> };

/** These methods, which must be all of the port's; each first waits for the port. */
export const latePort = <Port extends Methods<Port>, Name extends keyof Port & string>(
  made: () => Promise<Port>,
  ...names: readonly Name[]
): Pick<Port, Name> =>
  Object.fromEntries(
    names.map((name) => [name, async (...given: never) => await (await made())[name](...given)]),
  ) as unknown as Pick<Port, Name>;
