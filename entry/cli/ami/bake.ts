// `runpool ami bake`: payload, Packer, image.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { imageName, imageTags } from "../../../domain/image.ts";
import { version as agentVersion } from "../../../domain/version.ts";
import { buildImage, validateTemplate } from "./packer.ts";
import { makePayload } from "../../../build/payload.ts";
import { readRecipe } from "../../../build/recipe.ts";

export interface BakeOptions {
  readonly environment: string;
  readonly region: string;
  readonly variant: string;
  /** The folder with template, scripts and spec; the agent's units lie beside it. */
  readonly recipe: string;
  readonly agent: string;
  readonly downloads?: string;
  readonly dockerForJobs: boolean;
  /** Further variables of the template. */
  readonly more: Readonly<Record<string, string>>;
  readonly validateOnly: boolean;
  readonly now: Date;
  readonly say: (line: string) => void;
  readonly cancel: AbortSignal;
}

export interface Baked {
  readonly name: string;
  readonly variant: string;
  /** Absent where it was only validated. */
  readonly imageId?: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Rejects with `Unconfigured` before anything is built, with `PackerFailed` after; Packer then has taken away what it made. */
export async function bake(options: BakeOptions): Promise<Baked> {
  const { environment, region, variant, say, cancel } = options;
  const folder = await mkdtemp(join(tmpdir(), "runpool-bake-"));
  try {
    const recipe = readRecipe(resolve(options.recipe), options.downloads);
    const payload = join(folder, "payload");
    const rows = await makePayload(payload, {
      recipe,
      variant,
      agent: resolve(options.agent),
      ...(options.downloads === undefined ? {} : { downloads: options.downloads }),
    });
    const name = imageName(environment, variant, options.now);
    const tags = {
      Name: name,
      [imageTags.environment]: environment,
      [imageTags.variant]: variant,
      [imageTags.agentVersion]: agentVersion,
      [imageTags.runnerVersion]: rows.find((row) => row.name === "runner")?.version ?? "",
    };
    const manifest = join(folder, "manifest.json");
    const variables = {
      ...options.more,
      environment,
      region,
      variant,
      payload,
      manifest,
      image_name: name,
      image_tags: tags,
      docker_for_jobs: options.dockerForJobs,
    };
    const run = { folder: recipe.folder, variables, say, cancel };
    await validateTemplate(run);
    if (options.validateOnly) return { name, variant, tags };
    return { name, variant, tags, imageId: await buildImage(run, manifest) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
