// A synthesized stack (`cdk.tf.json`) as data: its resources by type and id, and Terraform's references in its texts.

export type Block = Readonly<Record<string, unknown>>;

export interface StackFile {
  readonly provider?: { readonly aws?: readonly Block[] };
  readonly output?: Readonly<Record<string, Block>>;
  readonly resource?: Readonly<Record<string, Readonly<Record<string, Block>>>>;
}

/** The resources of a type with their ids in the stack. */
export const resourcesOf = (stack: StackFile, type: string): readonly (readonly [id: string, block: Block])[] =>
  Object.entries(stack.resource?.[type] ?? {});

/** The only resource of a type. Throws where there is none, or more. */
export function onlyResource(stack: StackFile, type: string): Block {
  const [first, ...others] = resourcesOf(stack, type);
  if (first === undefined || others.length > 0)
    throw new Error(
      `the stack has ${others.length + (first === undefined ? 0 : 1)} resources of type ${type}, not one`,
    );
  return first[1];
}

/** A text of a block. Throws where it is none: a stack that lacks it does not furnish. */
export function textOf(block: Block, name: string): string {
  const found = block[name];
  if (typeof found !== "string") throw new Error(`"${name}" of the stack's resource is ${String(found)}, not a text`);
  return found;
}

/** A list of blocks; Terraform's JSON takes a single block without its brackets. */
export function blocksOf(block: Block, name: string): readonly Block[] {
  const found = block[name] ?? [];
  return (Array.isArray(found) ? found : [found]) as readonly Block[];
}

/** A text as Terraform makes it: references replaced by `valueOf(type, id, attribute)`, doubled signs undone. */
export const rendered = (text: string, valueOf: (type: string, id: string, attribute: string) => string): string =>
  text
    .replaceAll(
      /(?<![$])\$\{(aws_[a-z0-9_]+)\.([A-Za-z0-9_-]+)\.([a-z_]+)\}/g,
      (_, type: string, id: string, attribute: string) => valueOf(type, id, attribute),
    )
    .replaceAll(/([$%])\1(?=\{)/g, (_, sign: string) => sign);
