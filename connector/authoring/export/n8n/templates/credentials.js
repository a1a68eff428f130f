'use strict';

exports.{name} = class {name} {{
	constructor() {{
{fields}
	}}
}};
