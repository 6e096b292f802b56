// The rules of images: one for each architecture, made for it, and a runner on it in the end.
import type { Architecture } from "../../domain/record.ts";
import { keptArchitectures } from "../arns.ts";
import type { Environment, Problem } from "./environment.ts";

const architectures = ["x64", "arm64"] as const;
/** As AWS and the distributions write the other one in the names of their public parameters. */
const ofOther: Record<Architecture, RegExp> = { x64: /arm64|aarch64/, arm64: /x86_64|amd64/ };

function problemsOfImage({ images, install }: Environment, architecture: Architecture): readonly Problem[] {
  const image = images[architecture];
  if (image === undefined || !("parameter" in image) || !image.parameter.startsWith("/aws/")) return [];
  const problems: Problem[] = [];
  const [other] = ofOther[architecture].exec(image.parameter) ?? [];
  if (other !== undefined)
    problems.push([`images.${architecture}.parameter`, `names an image for ${other}: ${image.parameter}`]);
  if (install[architecture] === undefined)
    problems.push([
      `install.${architecture}`,
      `is missing: images.${architecture} is a stock AMI, which has no runner until one is installed at first boot`,
    ]);
  return problems;
}

export function problemsOfImages(environment: Environment): readonly Problem[] {
  const { architectures: wanted, images, install } = environment;
  const problems = architectures.flatMap((architecture) => problemsOfImage(environment, architecture));
  if (new Set(wanted).size !== wanted.length) problems.push(["architectures", "names one twice"]);
  for (const architecture of wanted)
    if (images[architecture] === undefined)
      problems.push([`images.${architecture}`, `is missing, though architectures names ${architecture}`]);
  for (const architecture of architectures.filter((one) => !keptArchitectures(environment).includes(one))) {
    if (images[architecture] !== undefined)
      problems.push([`images.${architecture}`, `is given, but architectures does not name ${architecture}`]);
    if (install[architecture] !== undefined)
      problems.push([`install.${architecture}`, `is given, but architectures does not name ${architecture}`]);
  }
  const [x64, arm64] = [images.x64, images.arm64].map((image) => JSON.stringify(image));
  if (x64 !== undefined && x64 === arm64 && !("pipeline" in (images.x64 ?? {})))
    problems.push(["images.arm64", "is that of x64: an AMI is made for one architecture"]);
  return problems;
}
