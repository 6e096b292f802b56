// Deployed functions on an embedded cloud, and what they print.
import { anyCredentials, type EmbeddedCloud } from "../../sim/embedded-cloud.ts";
import { processes, type Runtime } from "../../sim/lambda/containers.ts";

/** `directory`: a folder of its own. */
export const deployedOn = ({ door, sources }: EmbeddedCloud, directory: string): Runtime =>
  processes({
    directory,
    variables: {
      AWS_REGION: sources.region,
      AWS_ENDPOINT_URL: door.url,
      AWS_ACCESS_KEY_ID: anyCredentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: anyCredentials.secretAccessKey,
    },
  });

export type Line = Readonly<Record<string, unknown>>;

/** What its functions print is in `printed`, too. A line that is not JSON, on either stream, fails here. */
export function recorded(runtime: Runtime): { readonly runtime: Runtime; readonly printed: readonly Line[] } {
  const printed: Line[] = [];
  return {
    printed,
    runtime: (of, line) =>
      runtime(of, (text) => {
        printed.push(JSON.parse(text) as Line);
        line(text);
      }),
  };
}
