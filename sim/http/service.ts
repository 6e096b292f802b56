// What the embedded cloud's front door and its AWS services agree on: a call, a reply, an error in AWS's own words.

import type { ServiceName } from "./protocols.ts";

/** One call to an AWS API, already decoded from its wire protocol. */
export interface AwsCall {
  readonly service: ServiceName;
  /** The API action, e.g. `UpdateItem`. */
  readonly action: string;
  /** The decoded input: JSON services as sent; Query services as nested lists and structures. */
  readonly input: Record<string, unknown>;
  /** Who signed the call and for which region (from the Authorization header's credential scope; nothing is verified). */
  readonly caller: { readonly accessKeyId: string; readonly region: string };
  /** Over HTTP: the origin the caller reached, e.g. `http://127.0.0.1:4566` (queue URLs carry it). */
  readonly origin?: string;
  /** Over HTTP: aborts when the caller has hung up, so that a long poll ends with it. */
  readonly gone?: AbortSignal;
}

/** A service answers a call with its output (JSON services: the JSON body; Query services: an XML body), or throws AwsFault. */
export type Service = (call: AwsCall) => Promise<unknown>;

/** An error as AWS would answer it. */
export class AwsFault extends Error {
  readonly code: string;
  readonly status: number;
  /** Further members of the error's body, e.g. `Item` of ConditionalCheckFailedException. */
  readonly detail: Record<string, unknown>;
  constructor(code: string, message: string, status = 400, detail: Record<string, unknown> = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.detail = detail;
  }
}
