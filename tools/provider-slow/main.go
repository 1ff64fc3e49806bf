// A provider with one resource that takes as long as a test wants it to, and that does not listen when it is asked to stop.
package main

import (
	"context"
	"errors"
	"io/fs"
	"log"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func main() {
	server := func() provider.Provider { return slow{} }
	options := providerserver.ServeOpts{Address: "registry.terraform.io/envctl/slow"}
	if err := providerserver.Serve(context.Background(), server, options); err != nil {
		log.Fatal(err)
	}
}

type slow struct{}

func (slow) Metadata(_ context.Context, _ provider.MetadataRequest, response *provider.MetadataResponse) {
	response.TypeName = "slow"
}

func (slow) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (slow) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (slow) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (slow) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return thing{} }}
}

// A thing is a file that is made once another file exists.
type thing struct{}

type model struct {
	File    types.String `tfsdk:"file"`
	WaitFor types.String `tfsdk:"wait_for"`
}

func (thing) Metadata(_ context.Context, _ resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = "slow_thing"
}

func (thing) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	response.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"file": schema.StringAttribute{
			Description:   "The file that is made; FILE.started is made when the work begins.",
			Required:      true,
			PlanModifiers: replace,
		},
		"wait_for": schema.StringAttribute{
			Description: "The file that the work waits for.",
			Required:    true,
		},
	}}
}

// Create ignores its context, which ends when the engine asks the provider to stop.
func (thing) Create(_ context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var wanted model
	response.Diagnostics.Append(request.Plan.Get(context.Background(), &wanted)...)
	if response.Diagnostics.HasError() {
		return
	}
	if err := work(wanted.File.ValueString(), wanted.WaitFor.ValueString()); err != nil {
		response.Diagnostics.AddError("The thing could not be made", err.Error())
		return
	}
	response.Diagnostics.Append(response.State.Set(context.Background(), &wanted)...)
}

func work(file, waitFor string) error {
	if err := os.WriteFile(file+".started", nil, 0o600); err != nil {
		return err
	}
	for {
		_, err := os.Stat(waitFor)
		if err == nil {
			return os.WriteFile(file, nil, 0o600)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (thing) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var known model
	response.Diagnostics.Append(request.State.Get(ctx, &known)...)
	if response.Diagnostics.HasError() {
		return
	}
	if _, err := os.Stat(known.File.ValueString()); errors.Is(err, fs.ErrNotExist) {
		response.State.RemoveResource(ctx)
	}
}

func (thing) Update(ctx context.Context, request resource.UpdateRequest, response *resource.UpdateResponse) {
	response.State.Raw = request.Plan.Raw
}

func (thing) Delete(ctx context.Context, request resource.DeleteRequest, response *resource.DeleteResponse) {
	var known model
	response.Diagnostics.Append(request.State.Get(ctx, &known)...)
	if response.Diagnostics.HasError() {
		return
	}
	if err := os.Remove(known.File.ValueString()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		response.Diagnostics.AddError("The thing could not be removed", err.Error())
	}
}
