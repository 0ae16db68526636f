import { inject } from 'vitest'

const LONGER = 20

/** Seeds from `first` on, and one that is new each time; twenty times as many in `test:long`. */
export function seeds(first: number, count: number): number[] {
  const fixed = inject('isLong') ? count * LONGER : count
  const random = Math.floor(Math.random() * 2 ** 31)
  return [...Array.from({ length: fixed - 1 }, (_, i) => first + i), random]
}
