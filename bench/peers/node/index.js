// R2: the same job as a receiver's, with AWS SDK v3, clients made once and connections kept, as the SDK's examples
// show it. It verifies, parses, stores on a condition and sends; no quarantine, fallback, windows or compression.

const crypto = require('node:crypto')
const { DynamoDBClient, PutItemCommand } = require('@aws-sdk/client-dynamodb')
const { SQSClient, SendMessageCommand } = require('@aws-sdk/client-sqs')
const { SSMClient, GetParameterCommand } = require('@aws-sdk/client-ssm')
const { run } = require('./runtime')

const RETENTION_SECONDS = 90 * 24 * 60 * 60
const { INLET_TABLE: TABLE, INLET_QUEUE_URL: QUEUE_URL, INLET_STAGE: STAGE } = process.env

const dynamodb = new DynamoDBClient({})
// The queue's own URL is AWS's; the endpoint decides where the call goes.
const sqs = new SQSClient({ useQueueUrlAsEndpoint: false })
const ssm = new SSMClient({})
const secrets = new Map()

const providers = {
  zip: {
    isGenuine: (secret, topic, headers, body) =>
      equal(
        Buffer.from(headers['x-qp-signature'] ?? '', 'base64'),
        crypto.createHmac('sha256', secret.secret).update(body).digest(),
      ),
    parse: (body) => ({
      id: text(body.orderId), status: text(body.success), total: text(body.amount), currency: text(body.currency),
      items: [],
    }),
  },
  tiki: {
    isGenuine: (secret, topic, headers, body) =>
      equal(
        Buffer.from((headers['x-signature'] ?? '').replace(/^sha1=/, ''), 'hex'),
        crypto.createHmac('sha1', secret[topic]).update(body).digest(),
      ),
    parse: (body) => ({ id: text(body.data?.order_code), status: text(body.data?.main_state), items: [] }),
  },
  zid: {
    isGenuine: (secret, topic, headers) => {
      const pair = Buffer.from(`${secret.username}:${secret.password}`).toString('base64')
      return equal(Buffer.from(headers.authorization ?? ''), Buffer.from(`Basic ${pair}`))
    },
    parse: (body) => ({
      id: text(body.id), status: text(body.order_status?.code), total: text(body.order_total),
      currency: text(body.currency_code),
      customer: body.customer && {
        id: text(body.customer.id), name: text(body.customer.name), email: text(body.customer.email),
        phone: text(body.customer.mobile),
      },
      items: (body.products ?? []).map((item) => ({
        id: text(item.id), sku: text(item.sku), name: text(item.name), quantity: text(item.quantity),
        price: text(item.price), total: text(item.total),
      })),
    }),
  },
}

async function handler (event) {
  const [, name, store, topic] = event.rawPath.split('/')
  const provider = providers[name]
  if (!provider) return answer(404, { error: 'not_found' })
  const secret = await secretOf(name, store)
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8')
  if (!provider.isGenuine(secret, topic, event.headers, body)) {
    log('warn', { store, reason: 'the signature does not fit' })
    return answer(401, { error: 'unauthenticated' })
  }
  const order = provider.parse(JSON.parse(body))
  if (order.id === undefined) return answer(422, { error: 'malformed' })
  const digest = crypto.createHash('sha256').update(body).digest('hex')
  const entity = `${name}/${store}/order/${order.id}`
  const id = `${entity}/${digest.slice(0, 16)}`
  if (await keep(id, entity, digest, topic, body)) {
    await send(id, entity, name, store, topic, order)
    log('info', { message: 'accepted', id, size: body.length })
  } else {
    log('info', { message: 'repeated', id })
  }
  return answer(200, { received: true })
}

async function secretOf (provider, store) {
  const name = `/inlet/${STAGE}/${provider}/${store}`
  if (!secrets.has(name)) {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name, WithDecryption: true }))
    secrets.set(name, JSON.parse(Parameter.Value)[0])
  }
  return secrets.get(name)
}

/** Whether it was not there before. */
async function keep (id, entity, digest, topic, body) {
  const now = Date.now()
  try {
    await dynamodb.send(new PutItemCommand({
      TableName: TABLE,
      Item: {
        pk: { S: entity },
        sk: { S: `event/${digest.slice(0, 16)}` },
        id: { S: id },
        type: { S: topic },
        received_ms: { N: String(now) },
        sha256: { S: digest },
        body: { B: body },
        expires: { N: String(Math.floor(now / 1000) + RETENTION_SECONDS) },
      },
      ConditionExpression: 'attribute_not_exists(pk)',
    }))
    return true
  } catch (error) {
    if (error.name === 'ConditionalCheckFailedException') return false
    throw error
  }
}

function send (id, entity, provider, store, topic, order) {
  return sqs.send(new SendMessageCommand({
    QueueUrl: QUEUE_URL,
    MessageGroupId: entity,
    MessageDeduplicationId: id,
    MessageBody: JSON.stringify({
      specversion: '1.0', id, source: `/${provider}/${store}`, type: 'commerce.order', providertype: topic,
      datacontenttype: 'application/json', data: order,
    }),
  }))
}

function equal (left, right) {
  return left.length === right.length && crypto.timingSafeEqual(left, right)
}

function text (value) {
  return value === undefined || value === null ? undefined : String(value)
}

function log (level, line) {
  console.log(JSON.stringify({ level, timestamp: new Date().toISOString(), ...line }))
}

function answer (statusCode, body) {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

run(handler)
