import { expect, it } from "vitest";
import { clockTime } from "./when";

it("says times as people do", () => {
  const now = new Date(2026, 10, 24, 15, 0, 0);
  const at = (...parts: [number, number, number, number, number, number]) => clockTime(new Date(...parts).toISOString(), now);
  expect(at(2026, 10, 24, 9, 3, 7)).toBe("09:03:07");
  expect(at(2026, 10, 23, 23, 59, 0)).toBe("yesterday 23:59");
  expect(at(2026, 10, 2, 8, 5, 0)).toBe("2 Nov 08:05");
  expect(at(2025, 10, 2, 8, 5, 0)).toBe("2 Nov 2025 08:05");
});
