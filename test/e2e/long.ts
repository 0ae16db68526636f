/** `npm run test:long` repeats what chance decides, and tries what takes minutes. */
export const isLong = process.env['TOLLGATE_LONG'] === '1'
