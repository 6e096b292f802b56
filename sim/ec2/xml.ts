// EC2's answers as XML: an object's keys are element names, an array's entries become `item` elements (or elements of the
// key's own name where the key begins with `*`, as in `*groupId`).

export type Xml = string | number | boolean | undefined | readonly Xml[] | { readonly [element: string]: Xml };

const escape = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\r", "&#xD;");

/** What stands inside an element: the front door puts the response element around it. */
export const content = (value: Exclude<Xml, undefined>): string => {
  if (Array.isArray(value)) return value.map((entry: Xml) => xml("item", entry)).join("");
  if (typeof value !== "object") return escape(String(value));
  return Object.entries(value)
    .map(([name, inner]: [string, Xml]) =>
      name.startsWith("*") && Array.isArray(inner)
        ? inner.map((entry: Xml) => xml(name.slice(1), entry)).join("")
        : xml(name, inner),
    )
    .join("");
};

/** One element; nothing for an absent value. */
const xml = (name: string, value: Xml): string => (value === undefined ? "" : `<${name}>${content(value)}</${name}>`);

/** Milliseconds as EC2 writes a moment. */
export const moment = (ms: number): string => new Date(ms).toISOString();
