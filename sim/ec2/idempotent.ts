// Client tokens: the same token gives the first answer again for a day; with another request it is an error.
import { AwsFault } from "../http/service.ts";
import { text } from "./input.ts";
import type { Handler } from "./world.ts";

const dayMs = 24 * 3600 * 1000;

/** A handler that honours `ClientToken`. An answer without machines is remembered too; an error is not. */
export const idempotent =
  (action: string, handler: Handler): Handler =>
  (world, input) => {
    const token = text(input, "ClientToken");
    if (token === undefined) return handler(world, input);
    const key = `${action}/${token}`;
    const request = JSON.stringify(input);
    const known = world.remembered.get(key);
    const now = world.clock.now();
    if (known !== undefined && now < known.at + dayMs) {
      if (known.request !== request)
        throw new AwsFault(
          "IdempotentParameterMismatch",
          `The client token you have provided (${token}) was used with other parameters in a previous request.`,
        );
      return known.answer;
    }
    const answer = handler(world, input);
    world.remembered.set(key, { at: now, request, answer });
    return answer;
  };
