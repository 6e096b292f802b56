// How a call may end besides well, whatever was called.

/**
 * The outcome is not known: the request may have been applied. Not an exception, so that no caller forgets it;
 * making any move again is harmless.
 */
export interface Unknown {
  readonly kind: "unknown";
  /** What happened, for people. */
  readonly problem: string;
}

/** A service could not be reached, or kept refusing, beyond all retries. */
export class OutOfReach extends Error {
  override readonly name = "OutOfReach";
}

/** It answers, and asks for patience: a rate limit that lasts longer than the caller waits. */
export class RateLimited extends OutOfReach {}
