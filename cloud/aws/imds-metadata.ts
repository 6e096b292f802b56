// Reads the instance metadata service, version 2 only.
import { request } from "node:http";
import type { Identity, Interruption, Metadata } from "../ports/metadata.ts";
import type { Clock, EpochMs } from "../ports/clock.ts";
import { OutOfReach } from "../ports/outcomes.ts";

interface HttpRequest {
  readonly method: "GET" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
}
interface HttpReply {
  readonly status: number;
  readonly text: string;
}
export type SendRequest = (url: string, asked: HttpRequest) => Promise<HttpReply>;

/** Rejects without a complete reply within `limitMs`. On Node's own client: `fetch` would cost the agent 18 MB of memory. */
export const sendWithin =
  (limitMs: number): SendRequest =>
  (url, { method, headers }) =>
    new Promise((resolve, reject) => {
      const call = request(url, { method, headers, timeout: limitMs }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", reject);
      });
      call.on("timeout", () => call.destroy(new Error(`no answer within ${limitMs} ms`)));
      call.on("error", reject);
      call.end();
    });

export interface MetadataOptions {
  /** `http://169.254.169.254` on a real machine. */
  readonly baseUrl: string;
  readonly clock: Pick<Clock, "now">;
  readonly ask?: SendRequest;
}

/** EC2 User Guide, "Use IMDSv2": six hours is the longest life of a token. */
const tokenLifeS = 21_600;
/** The service is on the machine itself: a reply takes a millisecond. */
const replyMs = 2_000;

interface IdentityDocument {
  readonly instanceId: string;
  readonly region: string;
  readonly accountId: string;
  readonly availabilityZone: string;
  readonly instanceType: string;
}

/** Reads paths under `/latest`; undefined for what there is not. Rejects with OutOfReach. */
function reader({
  baseUrl,
  clock,
  ask = sendWithin(replyMs),
}: MetadataOptions): (path: string) => Promise<string | undefined> {
  let token: { readonly text: string; readonly until: EpochMs } | undefined;
  let coming: Promise<string> | undefined;
  const call = async (path: string, asked: HttpRequest): Promise<HttpReply> => {
    try {
      return await ask(`${baseUrl}/latest/${path}`, asked);
    } catch (error) {
      throw new OutOfReach(`instance metadata at ${baseUrl}: ${String(error)}`, { cause: error });
    }
  };
  const freshToken = async (): Promise<string> => {
    const headers = { "x-aws-ec2-metadata-token-ttl-seconds": String(tokenLifeS) };
    const { status, text } = await call("api/token", { method: "PUT", headers });
    if (status !== 200) throw new OutOfReach(`instance metadata gave no token: status ${status}`);
    token = { text, until: clock.now() + (tokenLifeS * 1000) / 2 };
    return text;
  };
  // Who asks while a token is on its way waits for that one.
  const nextToken = (): Promise<string> => (coming ??= freshToken().finally(() => (coming = undefined)));
  return async (path) => {
    for (let tries = 1; ; tries++) {
      const valid = token !== undefined && clock.now() < token.until ? token.text : await nextToken();
      const { status, text } = await call(path, { method: "GET", headers: { "x-aws-ec2-metadata-token": valid } });
      if (status === 200) return text;
      if (status === 404) return undefined;
      token = undefined;
      if (status !== 401 || tries > 1) throw new OutOfReach(`instance metadata answered ${path} with status ${status}`);
    }
  };
}

const momentOf = (json: string, name: string): EpochMs =>
  Date.parse(String((JSON.parse(json) as Record<string, unknown>)[name]));

export function imdsMetadata(options: MetadataOptions): Metadata {
  const read = reader(options);
  let identity: Identity | undefined;
  return {
    identity: async () => {
      if (identity !== undefined) return identity;
      const text = await read("dynamic/instance-identity/document");
      if (text === undefined) throw new OutOfReach("instance metadata has no identity document");
      const { instanceId, region, accountId, availabilityZone, instanceType } = JSON.parse(text) as IdentityDocument;
      identity = { instanceId, region, account: accountId, zone: availabilityZone, instanceType };
      return identity;
    },
    tag: (name) => read(`meta-data/tags/instance/${name}`),
    tags: async () => {
      const names = (await read("meta-data/tags/instance"))?.split("\n").filter((name) => name !== "") ?? [];
      const pairs = await Promise.all(
        names.map(async (name) => [name, await read(`meta-data/tags/instance/${name}`)] as const),
      );
      return Object.fromEntries(pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined));
    },
    interruption: async (): Promise<Interruption | undefined> => {
      // `stop` and `hibernate` take the machine away just as `terminate` does.
      const action = await read("meta-data/spot/instance-action");
      if (action !== undefined) return { kind: "terminate", at: momentOf(action, "time") };
      const notice = await read("meta-data/events/recommendations/rebalance");
      return notice === undefined ? undefined : { kind: "rebalance", at: momentOf(notice, "noticeTime") };
    },
  };
}
