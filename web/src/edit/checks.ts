import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { answer, api, type Diagnostic, type Edit, type Validation } from "../api/client";

/** A value that has rested for a while. */
export function useRested<T>(value: T, milliseconds: number): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return rested;
}

const none: Diagnostic[] = [];
/** What `penstock check` says of the project with these edits, a moment after the last key. */
export function useValidation(edits: Edit[]): { diagnostics: Diagnostic[]; checked: boolean } {
  const text = JSON.stringify(edits);
  const rested = useRested(text, 400);
  const found = useQuery<Validation>({
    queryKey: ["validate", rested], enabled: rested !== "[]", gcTime: 60_000, placeholderData: (before) => before,
    queryFn: ({ signal }) => answer(api.POST("/files/validate", { signal, body: { edits: JSON.parse(rested) as Edit[] } })),
  });
  return { diagnostics: found.data?.diagnostics ?? none, checked: rested === text && found.isFetched && !found.isPlaceholderData };
}
