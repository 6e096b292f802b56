// A look of the doctor's: what was seen, or why the caller could not look.
import type { Look, Unseen } from "../ports/doctor.ts";
import { asSdkError, raise } from "./sdk-errors.ts";

const denied = new Set(["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedAccess"]);
/** What endpoints say of calls that they do not know: stand-ins do. */
const unknown = new Set(["InvalidAction", "UnknownOperationException", "UnknownOperation", "NotImplemented"]);

function unseenBy(action: string, code: string): Unseen | undefined {
  if (denied.has(code)) return { kind: "unseen", why: `the caller may not: give its role ${action} (${code})` };
  if (unknown.has(code)) return { kind: "unseen", why: `this endpoint does not know ${action} (${code})` };
  return undefined;
}

/** `action` as IAM names it, e.g. `sqs:GetQueueAttributes`. `absent`: the error codes that mean "does not exist". */
export async function look<Value>(
  action: string,
  ask: () => Promise<Value>,
  absent: readonly string[] = [],
): Promise<Look<Value | undefined>> {
  try {
    return { kind: "seen", value: await ask() };
  } catch (error) {
    const { name } = asSdkError(error);
    if (absent.includes(name)) return { kind: "seen", value: undefined };
    return unseenBy(action, name) ?? raise(action, error);
  }
}

/** A look at what is there in any case. */
export const lookAt = async <Value>(action: string, ask: () => Promise<Value>): Promise<Look<Value>> =>
  (await look(action, ask)) as Look<Value>;
