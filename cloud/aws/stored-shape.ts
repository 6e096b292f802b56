// The shape of what is stored as a schema of its type: a field that the schema forgets, or reads as another type, does not compile.
import type * as z from "zod/mini";

/** One schema a field, those that may be absent included. */
export type Shape<T> = { readonly [Name in keyof T]-?: z.core.$ZodType<T[Name] | undefined> };
