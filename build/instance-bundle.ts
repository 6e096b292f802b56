// What the SDK brings along that an instance never uses is left out of the agent's bundle: every start compiles and evaluates it all.
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Plugin } from "esbuild";

/** The only errors whose fields are read; any other keeps its name and words without its class (`AwsJsonRpcProtocol.handleError`). */
const errorsRead: ReadonlySet<string> = new Set(["ConditionalCheckFailedException", "ParameterNotFound"]);

/** A client registers every error of its service, 140 classes in SSM's case: 70 KB and 4 ms. */
const withoutErrors = (schemas: string): string =>
  schemas.replaceAll(/^n0_registry\.registerError\((\w+)\$, .*$/gm, (line, name: string) =>
    errorsRead.has(name) ? line : "",
  );

/** The environment's credentials, or instance metadata's; loaded at once, so that the bundler need not wrap what they share with others. */
const credentials = `
import { fromEnv } from "@aws-sdk/credential-provider-env";
import { fromInstanceMetadata } from "@smithy/credential-provider-imds";
import { memoizeChain } from "./runtime/memoize-chain";
export const credentialsWillNeedRefresh = (credentials) => credentials?.expiration !== undefined;
export const credentialsTreatedAsExpired = (credentials) =>
  credentials?.expiration !== undefined && credentials.expiration.getTime() - Date.now() < 300000;
export const defaultProvider = (init = {}) =>
  memoizeChain([() => fromEnv(init)(), () => fromInstanceMetadata(init)()], credentialsTreatedAsExpired);`;

/** Endpoint discovery is off unless it is asked for, and no operation of the agent streams events. */
const never: Readonly<Record<string, string>> = {
  EndpointCache: "export class EndpointCache {}",
  EventStreamSerde:
    'export class EventStreamSerde { constructor() { throw new Error("event streams are not in this bundle"); } }',
};

export const instanceBundle: Plugin = {
  name: "instance-bundle",
  setup: (bundling) => {
    const discovery = /^@aws-sdk\/endpoint-cache$/;
    bundling.onResolve({ filter: discovery }, () => ({ path: "EndpointCache", namespace: "never" }));
    bundling.onResolve({ filter: /event-streams$/ }, ({ importer }) =>
      /[\\/]HttpProtocol\.js$/.test(importer) ? { path: "EventStreamSerde", namespace: "never" } : undefined,
    );
    bundling.onLoad({ filter: /.*/, namespace: "never" }, ({ path }) => ({ contents: never[path] ?? "" }));
    const provider = /[\\/]credential-provider-node[\\/]dist-es[\\/]defaultProvider\.js$/;
    bundling.onLoad({ filter: provider }, ({ path }) => ({ contents: credentials, resolveDir: dirname(path) }));
    const schemas = /[\\/]client-(ssm|dynamodb)[\\/]dist-es[\\/]schemas[\\/]schemas_0\.js$/;
    bundling.onLoad({ filter: schemas }, async ({ path }) => ({
      contents: withoutErrors(await readFile(path, "utf8")),
      resolveDir: dirname(path),
    }));
  },
};
