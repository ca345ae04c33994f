import { useSession } from "../api/questions";

export type Right = "view" | "run" | "edit" | "administer";
/** What this person may do: what they may not do is not offered. The server asks again. */
export function useMay(): (right: Right) => boolean {
  const { data } = useSession();
  return (right) => data?.may?.includes(right) ?? false;
}
