// The listener's side of a session: creating it, waiting for messages, ending it, with the words and patience of BrokerMessageListener.cs (whose lines: root.mjs).
import { createPrivateKey, sign } from "node:crypto";
import { loadCredentials, loadRsaParameters, say, sayError, stamp, standIn } from "./root.mjs";
import { backOff, call, HttpFailure, pause } from "./wire.mjs";

/** Why the listener ends, as an exit code with words (Constants.cs:164-177, Runner.ReturnCode). */
export class ListenerEnd extends Error {
  constructor(code, words = "") {
    super(words);
    this.code = code;
  }
}

const url64 = (text) => Buffer.from(text, "base64").toString("base64url");

/** Proves who this runner is: its client id and the time, signed with the key that only `.credentials_rsaparams` holds. */
function proof() {
  const r = loadRsaParameters();
  const { clientId } = loadCredentials().data;
  const jwk = {
    kty: "RSA",
    n: url64(r.modulus),
    e: url64(r.exponent),
    d: url64(r.d),
    p: url64(r.p),
    q: url64(r.q),
    dp: url64(r.dp),
    dq: url64(r.dq),
    qi: url64(r.inverseQ),
  };
  const at = Date.now();
  const signature = sign("RSA-SHA256", Buffer.from(`${clientId} ${at}`), createPrivateKey({ key: jwk, format: "jwk" }));
  return `Runner ${clientId} ${at} ${signature.toString("base64")}`;
}

/** BrokerMessageListener.cs:204 and 215. */
const deleted =
  "Failed to create a session. The runner registration has been deleted from the server, please re-configure. Runner registrations are automatically deleted for runners that have not connected to the service recently.";

/**
 * Retries until it has a session. Ends the listener with 1 when the registration is gone, with 5 after minutes of conflict
 * (CreateSessionAsync, BrokerMessageListener.cs:79-247: connected 146, reconnected 154, given up 223-228, tried again 239-244; conflict
 * 476-497; the pauses 50-51).
 */
export async function createSession(settings, signal) {
  let troubled = false;
  let conflictMs = 0;
  for (;;) {
    try {
      const { body } = await call("POST", `${settings.ServerUrl}/sessions`, {
        authorization: proof(),
        body: { version: standIn.version, os: "Linux" },
        signal,
      });
      say("\n√ Connected to GitHub\n");
      if (troubled) say(`${stamp()}: Runner reconnected.`);
      return {
        base: `${settings.ServerUrl}/sessions/${body.sessionId}`,
        server: settings.ServerUrl,
        authorization: `Session ${body.token}`,
      };
    } catch (error) {
      if (signal.aborted) throw new ListenerEnd(0);
      const status = error instanceof HttpFailure ? error.status : 0;
      if (status === 401) throw new ListenerEnd(1, deleted);
      if (status === 409) {
        sayError("A session for this runner already exists.");
        if (conflictMs >= standIn.sessionConflictMs) {
          sayError(
            `Stop retry on SessionConflictException after retried for ${standIn.sessionConflictMs / 1000} seconds.`,
          );
          throw new ListenerEnd(5, `Failed to create session. ${error.message}`);
        }
        conflictMs += standIn.sessionRetryMs;
      } else if (status === 403) throw new ListenerEnd(1, `Failed to create session. ${error.message}`);
      if (!troubled) sayError(`${stamp()}: Runner connect error: ${error.message}. Retrying until reconnected.`);
      troubled = true;
      await pause(standIn.sessionRetryMs, signal);
      if (signal.aborted) throw new ListenerEnd(0);
    }
  }
}

/** Failed polls in a row after which the listener gives up, to be started anew (BrokerMessageListener.cs:292 and 370, maxRetryCount). */
const mostFailures = 10;

/** The code for a version too old to be served (Program.cs:156-161 and 176-184): 7 where the starter asks for it, else 1. */
const tooOld = () => (process.env.ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE === "1" ? 7 : 1);

/**
 * The next message, however long it takes; undefined when `signal` aborts. GetNextMessageAsync, BrokerMessageListener.cs:286-422: too old
 * 342-345, tried again 362-397 (pauses 365-378, words 383). A deleted registration ends the listener with 1: the broker's RunnerNotFound
 * (BrokerHttpClient.cs:133-134) is thrown on (346-349) to Program.cs:162-167. A session that has ended ends it with 2, at once; the broker
 * has no word for it (BrokerHttpClient.cs:156), so the real one asks ten times before (370, Program.cs:168-173).
 */
export async function nextMessage(session, status, signal) {
  let failures = 0;
  while (!signal.aborted) {
    try {
      const url = `${session.base}/message?status=${status()}&version=${standIn.version}`;
      const { body } = await call("GET", url, { authorization: session.authorization, signal });
      if (failures > 0) say(`${stamp()}: Runner reconnected.`);
      failures = 0;
      if (body !== undefined) return body;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (error instanceof HttpFailure && error.status === 403)
        throw new ListenerEnd(tooOld(), `An error occurred: ${error.message}`);
      if (error instanceof HttpFailure && error.status === 404)
        throw new ListenerEnd(1, `An error occurred: ${error.message}`);
      if (error instanceof HttpFailure && error.status < 429)
        throw new ListenerEnd(2, `An error occurred: ${error.message}`);
      failures += 1;
      if (failures >= mostFailures) throw new ListenerEnd(2, `An error occurred: ${error.message}`);
      if (failures === 1) sayError(`${stamp()}: Runner connect error: ${error.message}. Retrying until reconnected.`);
      await backOff(standIn.pollRetryMs, signal);
    }
  }
  return undefined;
}

/** Tells the server that the listener goes (BrokerMessageListener.cs:249-270); it may have been forgotten there already. */
export async function endSession(session) {
  try {
    await call("DELETE", session.base, { authorization: session.authorization, signal: AbortSignal.timeout(30_000) });
  } catch {
    // An ephemeral runner is deleted with its job, so there may be no session left to end.
  }
}
