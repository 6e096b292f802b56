// All that a paginated call answers.
import { raise } from "./sdk-errors.ts";

/** Rejects as `raise` does. `itemsOf`: what of a page is wanted. */
export async function allPages<Page, Item>(
  what: string,
  pages: AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly Item[],
): Promise<readonly Item[]> {
  const items: Item[] = [];
  try {
    for await (const page of pages) items.push(...itemsOf(page));
  } catch (error) {
    return raise(what, error);
  }
  return items;
}
