'use strict';
const { NodeConnectionTypes } = require('n8n-workflow');
const { hostOf } = require('./host');

const host = hostOf(%(quoted_credential)s);

exports.%(node_class)s = class %(node_class)s {
	description = %(description)s;
};
