/** How much goes wrong just now; each is the chance that one message or statement suffers. */
export interface Weather {
  /** Messages between Workers and objects. */
  messages: number
  /** Answers of the metrics hub. */
  hub: number
  provider: number
  alarms: number
  database: 'fine' | 'refusing' | 'slow' | 'losing answers' | 'failing half'
}

export function fineWeather(): Weather {
  return { messages: 0, hub: 0, provider: 0, alarms: 0, database: 'fine' }
}
