import { NodeApiError, NodeOperationError, sleep } from 'n8n-workflow';

/** @import { IHttpRequestMethods, INodePropertyRouting } from 'n8n-workflow' */

// Seconds that the host may keep us waiting for a run before it says that the run goes on. Proxies end what is
// silent for longer.
const PATIENCE = 50;
// How often a host that cannot be reached is asked once more how a run stands; that costs nothing.
const LOOKS = 6;
// What is no name of an input binary field: an address, a data URI, or a reference to a file of the host.
const REFERENCE = /^(https?:|data:|file:)/i;

/**
 * What the operations of the node ask of a host, by a credential of that name.
 *
 * @param {string} credential
 */
export function hostOf(credential) {
	return {
		/**
		 * A use of an action. What was paid for is not paid again, however often the node is tried.
		 *
		 * @param {string} action
		 * @param {string[]} files
		 * @param {string[]} jsons
		 * @returns {INodePropertyRouting}
		 */
		invocation(action, files = [], jsons = []) {
			return {
				request: {
					method: 'POST',
					url: `/api/actions/${action}`,
					qs: { wait: false },
					ignoreHttpStatusErrors: true,
				},
				send: { preSend: [asInvocation] },
				output: { postReceive: [awaited] },
			};

			async function asInvocation(request) {
				const inputs = { ...request.body };
				for (const name of jsons) inputs[name] = parsed.call(this, name, inputs[name]);
				for (const name of files) inputs[name] = await given.call(this, inputs[name]);
				return { ...request, body: { inputs }, headers: { ...request.headers, ...key.call(this) } };
			}
		},

		/**
		 * The result of a run that was begun before.
		 *
		 * @returns {INodePropertyRouting}
		 */
		result() {
			return {
				request: {
					method: 'GET',
					url: ofRun('/result'),
					qs: { timeout: PATIENCE },
					ignoreHttpStatusErrors: true,
				},
				output: { postReceive: [awaited] },
			};
		},

		/**
		 * How a run stands, after what is asked of it.
		 *
		 * @param {IHttpRequestMethods} method
		 * @param {string} asked
		 * @returns {INodePropertyRouting}
		 */
		run(method, asked) {
			return {
				request: { method, url: ofRun(asked), ignoreHttpStatusErrors: true },
				output: { postReceive: [asRun] },
			};
		},
	};

	function ofRun(asked) {
		return `={{"/api/runs/" + encodeURIComponent($parameter["run"]) + "${asked}"}}`;
	}

	/** The same for each try of one use of the node, and never again; none where no execution has an ID. */
	function key() {
		const execution = this.getExecutionId();
		if (!execution) return {};
		const { $runIndex } = this.getWorkflowDataProxy(this.getItemIndex());
		const place = [this.getInstanceId(), this.getWorkflow().id, execution, this.getNode().id];
		return { 'Idempotency-Key': [...place, $runIndex, this.getItemIndex()].join(':') };
	}

	function parsed(name, value) {
		if (typeof value !== 'string') return value;
		if (value.trim() === '') return undefined;
		try {
			return JSON.parse(value);
		} catch (error) {
			throw new NodeOperationError(this.getNode(), `'${name}' is not JSON: ${error.message}`, {
				itemIndex: this.getItemIndex(),
				description: 'Write it as JSON, or give a value by an expression',
			});
		}
	}

	/** What stands for a file, with the files of binary fields put in at the host. */
	async function given(value) {
		if (typeof value === 'string' && value !== '' && !REFERENCE.test(value)) {
			return await put.call(this, value);
		}
		if (value === null || typeof value !== 'object') return value;
		const entries = [];
		for (const [name, one] of Object.entries(value)) entries.push([name, await given.call(this, one)]);
		return Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries);
	}

	async function put(field) {
		const binary = this.helpers.assertBinaryData(field);
		const stored = await ask.call(this, {
			method: 'POST',
			url: '/api/files',
			body: await (binary.id
				? this.helpers.getBinaryStream(binary.id)
				: this.helpers.getBinaryDataBuffer(field)),
			headers: {
				'Content-Type': binary.mimeType,
				'X-File-Name': encodeURIComponent(binary.fileName ?? field),
			},
		});
		return checked.call(this, stored).body.file;
	}

	/** The result of a run, as soon as it is there. */
	async function awaited(_items, response) {
		let answer = checked.call(this, response);
		const begun = answer.body.run;
		if (!this.getNodeParameter('options.wait', true)) return [{ json: begun }];
		while (answer.statusCode === 202) {
			answer = checked.call(this, await look.call(this, begun.id));
		}
		return [await shown.call(this, answer.body)];
	}

	async function look(run) {
		for (let missed = 1; ; missed++) {
			try {
				return await ask.call(this, {
					url: `/api/runs/${encodeURIComponent(run)}/result`,
					qs: { timeout: PATIENCE },
				});
			} catch (error) {
				if (missed === LOOKS || this.getExecutionCancelSignal()?.aborted) {
					throw new NodeApiError(this.getNode(), error, {
						message: `The run ${run} goes on at the host, which cannot be asked for its result`,
						description: `Use "Get Result" with that ID, or try this node again: ${error.message}`,
						itemIndex: this.getItemIndex(),
					});
				}
				await sleep(1000 * missed);
			}
		}
	}

	async function asRun(_items, response) {
		return [{ json: checked.call(this, response).body.run }];
	}

	/** The facts of a result, and its file as binary data. */
	async function shown(told) {
		const { run, result, file } = told;
		const json = { run: run?.id, ...result, ...(file ? { file } : {}) };
		delete json.media;
		if (!file) return { json };
		const answer = await ask.call(this, { url: `/api/files/${file.id}/content`, encoding: 'stream' });
		const binary = await this.helpers.prepareBinaryData(
			checked.call(this, answer).body,
			file.name,
			file.type,
		);
		const field = this.getNodeParameter('options.binaryField', 'data');
		return { json, binary: { [field]: binary } };
	}

	async function ask(request) {
		const { host } = await this.getCredentials(credential);
		return await this.helpers.httpRequestWithAuthentication.call(this, credential, {
			baseURL: host.replace(/\/+$/, ''),
			json: true,
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			timeout: 2000 * PATIENCE,
			abortSignal: this.getExecutionCancelSignal(),
			...request,
		});
	}

	/** The answer, unless it is a failure: that is told in full, each input's problem with it. */
	function checked(response) {
		if (response.statusCode < 400) return response;
		const told = response.body ?? {};
		const facts = [told.code, told.billed && `billed: ${told.billed}`, told.run && `run: ${told.run}`];
		const said = told.detail ?? `The host answered ${response.statusCode}`;
		throw new NodeApiError(this.getNode(), told, {
			// Where a workflow goes on after a failure, the message is all that it has.
			message: `${said} (${facts.filter(Boolean).join(', ')})`,
			description: told.title,
			httpCode: String(response.statusCode),
			itemIndex: this.getItemIndex(),
		});
	}
}
