// A list in parts: nothing is lost, doubled or moved, and no part is larger than the service takes.
import { array, assert, integer, nat, property } from "fast-check";
import { expect, test } from "vitest";
import { batchesOf } from "../../domain/batches.ts";

test("the batches together are the list, each is full but the last, and none is empty", () => {
  expect(batchesOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  assert(
    property(array(nat()), integer({ min: 1, max: 9 }), (list, size) => {
      const batches = batchesOf(list, size);
      expect(batches.flat()).toEqual(list);
      for (const batch of batches.slice(0, -1)) expect(batch).toHaveLength(size);
      for (const { length } of batches) expect(length > 0 && length <= size).toBe(true);
    }),
  );
});
