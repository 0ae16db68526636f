import { env } from 'cloudflare:workers'
import { connect } from '../../src/db/connect.ts'

/** The database that the Worker under test uses. */
export const db = connect(env)
