'use strict';
const {{ NodeConnectionTypes }} = require('n8n-workflow');
const {{ hostOf }} = require('./host');

const host = hostOf({credential});

exports.{name} = class {name} {{
	description = {description};
}};
