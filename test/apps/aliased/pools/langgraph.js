// SPDX-License-Identifier: MIT

const { PostgresSaver } = require('@langchain/langgraph-checkpoint-postgres');
const { emptyCheckpoint, uuid6 } = require('@langchain/langgraph-checkpoint');

module.exports = async ({ url, pg }) => {
  const pool = new pg.Pool({ connectionString: url });
  const saver = new PostgresSaver(pool);
  await saver.setup();
  const config = { configurable: { thread_id: 't', checkpoint_ns: '' } };
  const checkpoint = {
    ...emptyCheckpoint(),
    id: uuid6(0),
    channel_values: { messages: ['a', { b: 1 }], count: 3 },
    channel_versions: { messages: 1, count: 1 },
  };
  const saved = await saver.put(
    config,
    checkpoint,
    { source: 'input', step: -1, parents: {} },
    { messages: 1, count: 1 },
  );
  await saver.putWrites(saved, [['messages', ['c']]], 'task');
  const tuple = await saver.getTuple(config);
  const listed = [];
  for await (const one of saver.list(config, { limit: 5 })) {
    listed.push(one.metadata);
  }
  await saver.deleteThread('t');
  const gone = await saver.getTuple(config);
  await saver.end();
  return {
    values: tuple.checkpoint.channel_values,
    writes: tuple.pendingWrites,
    listed,
    gone,
  };
};
